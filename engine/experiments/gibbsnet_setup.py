"""From the knobs of the tab to the learners of the GibbsNet paper, and the weights that come with Atelier."""

from __future__ import annotations

import torch

from engine.experiments.random_streams import stream
from engine.models.gibbsnet import Sizes, new_nets
from engine.models.gibbsnet_chain import ChainKnobs
from engine.models.gibbsnet_learning import GameKnobs, Kind, Learner
from engine.papers.gibbsnet import AIDS, GibbsNetParams


def models_of(params: GibbsNetParams) -> tuple[Kind, ...]:
    """The models of a run, GibbsNet first."""
    baselines: dict[str, tuple[Kind, ...]] = {"both": ("ali", "gan"), "ali": ("ali",), "gan": ("gan",), "none": ()}
    return ("gibbsnet", *baselines[params.baselines])


def aids_of(params: GibbsNetParams) -> tuple[str, ...]:
    """Names of the aids that are on."""
    if params.paper_mode:
        return ()
    on = (
        params.lr_ratio != 1.0, params.r1 > 0.0, params.standardise_z, params.ema > 0.0, params.warm_start > 0,
        params.pool_share > 0.0, params.short_share > 0.0, params.label_visible < 1.0,
    )  # fmt: skip
    return tuple(name for name, is_on in zip(AIDS, on, strict=True) if is_on)


def passes_now(params: GibbsNetParams, updates: int) -> int:
    """K of the update that follows `updates` of them: 1 in the warm start, then one more every half of it."""
    K, warm = params.chain_steps, params.warm_start
    if params.paper_mode or warm == 0 or K == 1:
        return K
    if updates < warm:
        return 1
    return min(K, 2 + (updates - warm) // max(1, warm // 2))


def game_knobs(params: GibbsNetParams, updates: int) -> GameKnobs:
    """The live knobs as the models name them; paper mode takes all aids away."""
    plain = params.paper_mode
    return GameKnobs(
        K=passes_now(params, updates),
        grad_steps=params.grad_steps,
        loss=params.loss,
        lr=params.lr,
        lr_ratio=1.0 if plain else params.lr_ratio,
        r1=0.0 if plain else params.r1,
        r1_every=params.r1_every,
        single_pass=params.single_pass,
        standardise=params.standardise_z and not plain,
        ema=0.0 if plain else params.ema,
        label_visible=1.0 if plain else params.label_visible,
        label_scale=1.0 if plain else params.label_scale,
        log_sigma_max=params.log_sigma_max,
        decoder_noise=params.decoder_noise,
        pool_share=0.0 if plain else params.pool_share,
        short_share=0.0 if plain else params.short_share,
        flow_data=params.flow_data,
        flow_encoder=params.flow_encoder,
        flow_decoder=params.flow_decoder,
    )


def chain_knobs(params: GibbsNetParams) -> ChainKnobs:
    """How chains are run for showing and measuring: as in training."""
    game = game_knobs(params, 0)
    return ChainKnobs(game.label_visible, game.label_scale, game.log_sigma_max, game.decoder_noise)


def new_learner(kind: Kind, params: GibbsNetParams, sizes: Sizes, device: torch.device) -> Learner:
    """A model as the run of this seed starts: all kinds begin with the same weights, each has noise of its own."""
    nets = new_nets(sizes, stream(params.seed, "weights"), device, sees_z=kind != "gan")
    return Learner(nets, kind, game_knobs(params, 0), stream(params.seed, f"noise {kind}", device))
