"""The evidence as columns of an artifact, and back. NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gnn.artifact.model import ItemModel
from gnn.scoring.csr import SparseRows
from gnn.scoring.sequence_evidence import SequenceEvidence
from gnn.scoring.sequence_model import SequenceModel
from gnn.scoring.sequence_scorer import SequenceScorer
from gnn.scoring.sequences import SequenceGate


def pack_sequences(evidence: SequenceEvidence, trees: NDArray[np.uint8]) -> SequenceModel:
    """The columns of `evidence` that no other part of an artifact has, and `trees` of it."""
    gate = evidence.gate
    return SequenceModel(
        ease_indptr=evidence.ease.indptr,
        ease_item=evidence.ease.item,
        ease_weight=evidence.ease.weight,
        near_indptr=evidence.near.indptr,
        near_item=evidence.near.item,
        near_weight=evidence.near.weight,
        back_indptr=evidence.back.indptr,
        back_item=evidence.back.item,
        back_weight=evidence.back.weight,
        wide_indptr=evidence.wide.indptr,
        wide_item=evidence.wide.item,
        wide_weight=evidence.wide.weight,
        by_step=gate.by_step,
        by_item=gate.by_item,
        by_age=gate.by_age,
        power=gate.power,
        events=evidence.events,
        last_events=evidence.last_events,
        trees=trees,
    )


def open_scorer(model: SequenceModel, items: ItemModel, *, groups: NDArray[np.int32]) -> SequenceScorer:
    """The scorer of `model`, with the learned tables of `items` of the same artifact.

    `groups` is of `gnn.scoring.item_codes.item_codes`. Call it only where `model.is_fitted`.
    """
    evidence = SequenceEvidence(
        ease=SparseRows(model.ease_indptr, model.ease_item, model.ease_weight),
        near=SparseRows(model.near_indptr, model.near_item, model.near_weight),
        back=SparseRows(model.back_indptr, model.back_item, model.back_weight),
        wide=SparseRows(model.wide_indptr, model.wide_item, model.wide_weight),
        source=items.source,
        target=items.target,
        history=items.history,
        bias=items.bias,
        gate=SequenceGate(model.by_step, model.by_item, model.by_age, model.power),
        groups=groups,
        events=model.events,
        last_events=model.last_events,
    )
    return SequenceScorer(evidence, model.trees)
