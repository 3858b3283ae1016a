"""Which engine fits a model, and a sampler of that engine that can be run as often as wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bayesmixed.engines.records import Footprint, RawDraws, SamplerSettings
from bayesmixed.errors import EngineError
from bayesmixed.model.spec import ModelSpec
from bayesmixed.options import Engine, one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEngine:
    """An engine made ready for one model."""

    name: str  # `"collapsed"`, `"joint"` or `"pymc"`
    plan: tuple[str, ...]  # what is integrated and what is sampled, in sentences
    tune: int  # tuning draws of each chain unless the user chooses
    share: float  # share of the kept draws that every effective sample size should reach
    footprint: Footprint  # what it holds of every draw
    sample: Callable[[SamplerSettings, int], RawDraws]  # `sample(settings, thin)` gives draws


def prepare_engine(spec: ModelSpec, engine: Engine = "auto") -> PreparedEngine:
    """Choose an engine and make it ready."""
    one_of(engine, Engine, "engine")
    return _gaussian_engine(spec, engine) if spec.family.is_gaussian else _generalized_engine(spec, engine)


def _gaussian_engine(spec: ModelSpec, engine: Engine) -> PreparedEngine:
    """Engine of a gaussian model."""
    from bayesmixed.engines.kernel.unit_priors import unsupported_priors

    if engine == "joint":
        raise EngineError(
            "The joint engine is for families other than gaussian, whose random effects cannot be integrated "
            "out exactly. Use engine='auto' or 'collapsed'."
        )
    wrong = unsupported_priors(spec)
    if engine == "collapsed" and wrong:
        raise EngineError(
            f"The collapsed engine does not support the prior {wrong[0]}. "
            "Use engine='auto' or 'pymc', or another prior."
        )
    if engine == "pymc" or wrong:
        why = (
            f"the collapsed engine does not support the prior {wrong[0]}"
            if wrong
            else "engine='pymc' was asked for"
        )
        return _graph_engine(spec, f"Everything is sampled by NUTS on the PyMC graph: {why}.")
    return _collapsed_engine(spec)


def _generalized_engine(spec: ModelSpec, engine: Engine) -> PreparedEngine:
    """Engine of a model of another family."""
    if engine == "collapsed":
        raise EngineError(
            "The collapsed engine integrates random effects out exactly, which only a gaussian model allows; "
            f"the family is {spec.family}. Use engine='auto'."
        )
    refusal = _joint_refusal(spec)
    if engine == "joint" and refusal:
        raise EngineError(f"The joint engine cannot fit this model: {refusal}. Use engine='auto' or 'pymc'.")
    if engine == "pymc" or refusal:
        why = "engine='pymc' was asked for" if engine == "pymc" else refusal
        return _graph_engine(spec, f"Everything is sampled by NUTS on the PyMC graph: {why}.")
    return _joint_engine(spec)


def _joint_refusal(spec: ModelSpec) -> str:
    """Why the joint engine cannot fit a model, empty when it can."""
    from bayesmixed.engines.kernel.unit_priors import unsupported_priors

    if not spec.family.is_native:
        return f"the joint engine does not support the family {spec.family}"
    coupled = [block.group for block in spec.design.blocks if not block.is_plain]
    if coupled:
        return f"the joint engine takes one independent level a row, and {coupled[0]} is not of this kind"
    wrong = unsupported_priors(spec)
    return f"the joint engine does not support the prior {wrong[0]}" if wrong else ""


def _joint_engine(spec: ModelSpec) -> PreparedEngine:
    """The joint engine."""
    from bayesmixed.engines.joint.sample import joint_target, sample_joint

    target = joint_target(spec)
    return PreparedEngine(
        name="joint",
        plan=target.plan,
        tune=400,
        share=0.0,
        footprint=Footprint(sampled=target.mode.packed.dimension, effects=_n_effects(spec)),
        sample=lambda settings, thin: sample_joint(target, settings, thin=thin),
    )


def _collapsed_engine(spec: ModelSpec) -> PreparedEngine:
    """The collapsed engine."""
    from bayesmixed.engines.collapsed.sample import collapsed_target, sample_collapsed
    from bayesmixed.engines.kernel import layout
    from bayesmixed.engines.kernel.plan import make_plan
    from bayesmixed.engines.kernel.terms import needs_terms
    from bayesmixed.engines.kernel.unit_priors import coefficients_are_integrable

    plan = make_plan(spec.design, coefficients_sampled=not coefficients_are_integrable(spec))
    if needs_terms(spec.design) and (plan.samples_effects or plan.coefficients_sampled):
        why = (
            "more crossed random effects than can be integrated out"
            if plan.samples_effects
            else "coefficients whose priors are not normal"
        )
        return _graph_engine(
            spec,
            f"Everything is sampled by NUTS on the PyMC graph: residuals of this kind and {why} do not go "
            "together in the collapsed engine.",
        )
    target = collapsed_target(spec, plan)
    more_than_theta, dimension = target.packed.dimension > target.packed.n_theta, target.packed.dimension
    line = ("One number is left: it is drawn from its exact distribution.",) if dimension == 1 else ()
    return PreparedEngine(
        name="collapsed",
        plan=(*plan.sentences, *line),
        tune=0 if dimension < 2 else 600 if more_than_theta else 300,
        share=0.0 if plan.samples_effects or plan.coefficients_sampled else 0.25,
        footprint=Footprint(
            sampled=target.packed.dimension,
            effects=_n_effects(spec),
            spared=int(target.packed.block[layout.N_INTEGRATED]),
        ),
        sample=lambda settings, thin: sample_collapsed(target, settings, thin=thin),
    )


def _graph_engine(spec: ModelSpec, reason: str) -> PreparedEngine:
    """PyMC's NUTS on the graph."""
    from bayesmixed.engines.pymc import sample_graph
    from bayesmixed.model.build import build_pymc_model

    model = build_pymc_model(spec)
    return PreparedEngine(
        name="pymc",
        plan=(reason,),
        tune=1000,
        share=0.0,
        footprint=Footprint(sampled=2 * _n_effects(spec), effects=_n_effects(spec)),
        sample=lambda settings, thin: sample_graph(
            model, spec.design, settings, thin=thin, parameters=spec.priors.parameters
        ),
    )


def _n_effects(spec: ModelSpec) -> int:
    """Number of random effects, those of all levels."""
    return sum(block.n_levels * block.n_effects for block in spec.design.all_blocks)
