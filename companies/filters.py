from lio.filters import ListFilter


class CompanyFilter(ListFilter):
    search_kind = "company"
    sorts = {name: name for name in ("id", "company_name", "created_at", "updated_at")}
