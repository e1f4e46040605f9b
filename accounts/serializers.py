import re

from django.core.exceptions import ValidationError as DjangoInvalid
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import Role, User, check_timezone
from lio.api.fields import Email, Flag, Moment, Owned, Text
from lio.api.serializers import Input


class Timezone(Text):
    def to_internal_value(self, data):
        name = super().to_internal_value(data)
        try:
            check_timezone(name)
        except DjangoInvalid as error:
            raise ValidationError(error.messages) from None
        return name


class Language(Text):
    def to_internal_value(self, data):
        tag = super().to_internal_value(data)
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
            raise ValidationError("must be a language tag, like en or de")
        return tag


class Profile(Input):
    first_name = Text(min_length=2, max_length=50)
    email = Email(allow_blank=False, required=True)
    phone_no = Text(min_length=1, max_length=30)
    last_name = Text(max_length=50, required=False)

    def validate(self, data):
        if data.get("last_name", "") is None:
            data["last_name"] = ""
        return data


class AddUser(Profile):
    password = Text(min_length=8, max_length=128, write_only=True)
    role_id = Owned(Role, required=False, allow_null=True, source="role")


class UpdateUser(Profile):
    language = Language(max_length=10, required=False, min_length=2)
    timezone = Timezone(max_length=64, required=False, min_length=1)
    role_id = Owned(Role, required=False, source="role")
    state_id = Flag(required=False, source="is_active")


class InvitePerson(Input):
    email = Email(allow_blank=False, required=True)
    role_id = Owned(Role, source="role")


class Currency(Text):
    def to_internal_value(self, data):
        code = super().to_internal_value(data).upper()
        if not re.fullmatch(r"[A-Z]{3}", code):
            raise ValidationError("must be a currency's three letters, like EUR")
        return code


class OrganizationFields(Input):
    name = Text(min_length=1, max_length=120)
    timezone = Timezone(max_length=64, min_length=1)
    currency = Currency(max_length=3, min_length=3)


class ChangePassword(Input):
    current_password = Text(min_length=1, max_length=128)
    new_password = Text(min_length=8, max_length=128)
    confirm_password = Text(min_length=1, max_length=128)

    def validate(self, data):
        if data["new_password"] != data["confirm_password"]:
            raise ValidationError({"confirm_password": ["is not the same as new_password"]})
        return data


class RemoveUser(Input):
    user_id = Owned(User, source="user")


class AddRole(Input):
    name = Text(min_length=2, max_length=50)
    description = Text(max_length=500, required=False)
    permissions = serializers.ListField(child=Text(max_length=40, min_length=1), required=False, max_length=50)


class AddKey(Input):
    name = Text(min_length=1, max_length=100)
    allowed_domains = serializers.ListField(
        child=Text(max_length=253, min_length=1), required=False, allow_null=True, max_length=100
    )
    allowed_ips = serializers.ListField(
        child=Text(max_length=50, min_length=1), required=False, allow_null=True, max_length=100
    )
    expires_at = Moment(required=False, allow_null=True)
