"""Health checks over HTTP."""

import aiohttp

from borgpy.model.spec import HealthCheck


class HealthChecker:
    """Asks tasks at ``host``. A connection is never kept: what is proven is that the task takes new ones."""

    def __init__(self, host: str) -> None:
        self._host = f"[{host}]" if ":" in host else host
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            headers={"User-Agent": "borglet-health"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def check(self, check: HealthCheck, port: int) -> str:
        """What is wrong; empty when the task answers 2xx in time."""
        if not port:
            return f"the task has no port named {check.port!r}"
        url = f"http://{self._host}:{port}/{check.path.lstrip('/')}"
        try:
            async with self._session.get(
                url,
                timeout=aiohttp.ClientTimeout(total=check.timeout_ms / 1000),
                allow_redirects=False,
            ) as answer:
                return "" if 200 <= answer.status < 300 else f"{url} answered {answer.status}"
        except TimeoutError:
            return f"{url} did not answer within {check.timeout_ms / 1000:g} s"
        except aiohttp.ClientConnectorError:
            return f"{url} refused the connection"
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return f"{url} did not answer as HTTP: {type(error).__name__}"
