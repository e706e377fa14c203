"""What a node says about itself: its info, its model, what was chosen for it, its figures."""

from homeassistant.components import mqtt
from homeassistant.core import HomeAssistant, callback

from .complaints import Complaints
from .const import TOPIC_ROOT
from .models import NodeInfo
from .settings import (
    ModelState,
    NodeChoice,
    NodeFigures,
    parse_model,
    parse_node_choice,
    parse_node_figures,
)
from .topics import TopicFeed


class NodeFeed(TopicFeed):
    """The state of a node, pushed by it."""

    def __init__(self, hass: HomeAssistant, node: str, complaints: Complaints) -> None:
        """Begin with nothing known; `async_start` makes it listen."""
        super().__init__(hass, f"{TOPIC_ROOT}/{node}", complaints)
        self.node_id = node
        self.online = False
        self.info: NodeInfo | None = None
        self.choice: NodeChoice | None = None
        self.figures = NodeFigures()
        self.model: ModelState | None = None

    async def async_start(self) -> None:
        """Subscribe to the node's own topics."""
        await self._subscribe_all(
            {"settings": self._on_choice, "figures": self._on_figures, "model": self._on_model}
        )

    @callback
    def async_update_info(self, info: NodeInfo) -> None:
        """Take over a newer info."""
        self.info = info
        self.async_notify()

    @callback
    def async_set_online(self, *, online: bool) -> None:
        """Follow the node's status."""
        if online is not self.online:
            self.online = online
            self.async_notify()

    async def async_speak(self, language: str) -> None:
        """Let the node use another language."""
        await self.async_command(
            "language",
            language,
            lambda: self.choice is not None and self.choice.language == language,
        )

    @callback
    def _on_choice(self, message: mqtt.ReceiveMessage) -> None:
        self.choice = self._read(message, parse_node_choice)
        self.async_notify()

    @callback
    def _on_figures(self, message: mqtt.ReceiveMessage) -> None:
        self.figures = self._read(message, parse_node_figures) or NodeFigures()
        self.async_notify()

    @callback
    def _on_model(self, message: mqtt.ReceiveMessage) -> None:
        self.model = self._read(message, parse_model)
        self.async_notify()
