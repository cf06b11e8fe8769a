"""What goes wrong between Entrepot and the machine it runs on."""


class OperatorError(Exception):
    """Something only whoever runs Entrepot can mend: a setting, a folder, a port, a server.

    Its message is one line; the command line prints it without a traceback and exits with status 1.
    """
