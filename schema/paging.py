"""Relay connections over the kernel's pages."""

from typing import Any, Generic, TypeVar

import strawberry

from kernel.paging import Page

T = TypeVar("T")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo


def page_info(page: Page[Any]) -> PageInfo:
    return PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=page.cursors[0] if page.cursors else None,
        end_cursor=page.cursors[-1] if page.cursors else None,
    )


def connection(page: Page[Any]) -> Any:
    edges: list[Edge[Any]] = [
        Edge(cursor=cursor, node=item) for cursor, item in zip(page.cursors, page.items, strict=True)
    ]
    return Connection(edges=edges, page_info=page_info(page))
