"""The base class of errors that a user can fix; each stage has its own subclass.

StageError
├── TablesError, IngestError     etl
├── GraphError                   graph
├── TrainingError, ArtifactError gnn
└── RequestError                 bundles
"""


class StageError(Exception):
    """An operation failed for a reason that the user can fix; the message is one line that says how.

    The command line prints the message and exits with code 2.
    """
