from lio.api.fields import Flag, Text, Whole
from lio.api.serializers import Input


class ConnectService(Input):
    """What a service with a key is connected with."""

    key = Text(max_length=500, required=False)
    cost = Whole(min_value=0, max_value=1000, required=False)
    min_likelihood = Whole(min_value=1, max_value=10, required=False)


class ChangeService(ConnectService):
    provider = Text(min_length=1, max_length=30)
    connected = Flag()
