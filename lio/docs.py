from django.http import HttpResponse


def schema(request):
    return HttpResponse("")


browse = script = schema
