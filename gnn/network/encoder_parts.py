"""A trained encoder as columns of an artifact."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from gnn.network.encoder import HeteroEncoder
from gnn.scoring.containers import Csr, TextColumn
from gnn.scoring.explanation import Encoder


def pack_encoder(encoder: HeteroEncoder, *, role_scale: tuple[float, float, float]) -> Encoder:
    """The component of `encoder`; the head multiplies its tables by `role_scale`, by role."""
    scale = np.array(role_scale, dtype=np.float32)[:, None]
    embedding = _array(encoder.embedding)
    members = encoder.memberships.forward.cpu()
    relations = [relation.forward.cpu() for relation in encoder.relations.values()]
    codes = [np.full(len(matrix.values()), code, dtype=np.uint8) for code, matrix in enumerate(relations)]
    receivers = np.concatenate([np.zeros(0, np.int64), *(_receivers(matrix) for matrix in relations)])
    senders = np.concatenate([np.zeros(0, np.int32), *(_array(each.col_indices()) for each in relations)])
    shares = np.concatenate([np.zeros(0, np.float32), *(_array(each.values()) for each in relations)])
    order = np.argsort(receivers, kind="stable")
    return Encoder(
        embedding=embedding.reshape(len(embedding), len(scale), -1) * scale,
        member_indptr=_array(members.crow_indices()).astype(np.int64),
        member=_array(members.col_indices()).astype(np.int32),
        relations=TextColumn.of(list(encoder.relations)),
        relation_weight=_array(encoder.relation_weight),
        neighbours=Csr.from_entries(
            receivers[order],
            senders[order],
            shares[order].astype(np.float32),
            num_rows=members.shape[0],
        ),
        neighbour_relation=np.concatenate([np.zeros(0, np.uint8), *codes])[order],
    )


def _receivers(matrix: torch.Tensor) -> NDArray[np.int64]:
    """Row of each entry of a CSR matrix."""
    indptr = _array(matrix.crow_indices()).astype(np.int64)
    return np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.detach().cpu().numpy()
    return array
