"""A bot's logs folder, written loop by loop as the real producer does, with knobs.

for look in play(World(loops=60), Path("logs")):
    ...  # every file under logs/ is as the bot would have left it at look.at
"""

from watchhouse.world.config import write_config
from watchhouse.world.knobs import Incident, Look, Truth, World
from watchhouse.world.play import play

__all__ = ["Incident", "Look", "Truth", "World", "play", "write_config"]
