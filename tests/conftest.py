"""What every test stands on."""

from importlib.util import find_spec

if find_spec("hypothesis") is not None:  # Home Assistant's test kit comes without it
    from hypothesis import settings

    # A busy machine makes an example late, not wrong.
    settings.register_profile("omnicam", deadline=None)
    settings.load_profile("omnicam")
