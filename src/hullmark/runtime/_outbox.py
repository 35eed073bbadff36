"""Where orders leave for the market, once they are durable."""

import warnings
from collections.abc import Sequence
from typing import Protocol

from hullmark.domain import events
from hullmark.errors import PortWarning
from hullmark.journal import Unit


class ExecutionPort(Protocol):
    """Where liquidation orders go: the venue's order book, or a paper market."""

    def send(self, order: events.LiquidationOrdered, /) -> None:
        """Take an order that is already durable. Its fill returns as ``ReportFill``.

        An order that is not taken stays at work until its deadline: what is raised here is warned
        of, and keeps neither another order nor an answer back.
        """
        ...


class Outbox:
    """Sends orders, and remembers which were not taken until somebody can be told."""

    def __init__(self, port: ExecutionPort | None) -> None:
        self._port = port
        self._faults: list[str] = []

    def send(self, units: Sequence[Unit]) -> None:
        """Send the orders of some units, which are durable."""
        if self._port is None:
            return
        for unit in units:
            for event in unit.events:
                if isinstance(event, events.LiquidationOrdered):
                    self._send(self._port, event)

    def tell(self) -> None:
        """Warn of each order that was not taken, once."""
        faults, self._faults = self._faults, []
        for fault in faults:
            warnings.warn(fault, PortWarning, stacklevel=4)

    # What a port raises must not look as if nothing had been carried out.
    def _send(self, port: ExecutionPort, order: events.LiquidationOrdered) -> None:
        try:
            port.send(order)
        except Exception as e:
            self._faults.append(
                f"order {order.order} of account {order.account} was not taken by the port, it "
                f"stays at work until its deadline: {type(e).__name__}: {e}"
            )
