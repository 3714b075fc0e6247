"""The root of the errors that a user can mend: each stage has a class of its own below it.

StageError
├── TablesError, IngestError     etl
├── GraphError                   graph
├── TrainingError, ArtifactError gnn
└── RequestError                 bundles
"""


class StageError(Exception):
    """What was asked cannot be done; the message is one line that says what to do.

    The command line prints it and exits with code 2.
    """
