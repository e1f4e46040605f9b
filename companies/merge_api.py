"""Companies that may be one, made one, and companies like one, over the API."""

from companies import duplicates, merge, similar
from companies.filters import CompanyPairFilter
from companies.models import Company, CompanyPair
from lio.api.envelope import Envelope
from lio.api.merging import Duplicates, Merge, MergeView
from lio.api.schema import documented
from lio.api.views import LioView
from lio.api.viewsets import path_id
from lio.errors import Missing
from lio.rows import in_order, plain_rows


class CompanyDuplicates(Duplicates):
    queryset, filter_class, matching = CompanyPair.objects.all(), CompanyPairFilter, duplicates.KIT


class MergeCompanies(MergeView):
    merging, rule = merge.KIT, staticmethod(merge.merge)

    @documented("Make one company of 2 to 10", input=Merge, answer={"id": int, "merged": [int], "company": dict}, status=200)
    def post(self, request):
        return self.merged(request)


SIMILAR = (Company.objects.all().rows(), {"score": float, "reasons": [str]})


class SimilarCompanies(LioView):
    permissions = {"get": "records.view"}

    @documented("Companies like this one, the likest first, each with its score and the reasons",
                body={"success": bool, "message": str, "data": [SIMILAR], "total": int, "page": int, "limit": int})
    def get(self, request, pk):
        number = path_id(pk)
        if not Company.objects.of(self.organization).alive().filter(pk=number).exists():
            raise Missing()
        found = {one.id: one for one in similar.of_company(self.organization, number)}
        rows = plain_rows(in_order(Company.objects, list(found)).rows()) if found else []
        data = [row | {"score": found[row["id"]].score, "reasons": found[row["id"]].reasons} for row in rows]
        return Envelope(data, total=len(data), page=1, limit=similar.MOST)
