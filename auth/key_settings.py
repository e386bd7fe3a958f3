"""What API keys may be used for, and how much."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from auth.scopes import PERSONAL_SCOPES, Scope
from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan

PUBLISHABLE_SCOPES = frozenset({Scope.CATALOG_READ, Scope.RECOMMENDATIONS_READ})
"""What a key may be used for that anybody can read in a browser: the catalogue."""

SECRET_SCOPES = PERSONAL_SCOPES - {Scope.ACCOUNT_MANAGE, Scope.KEYS_MANAGE}
"""What a key may be used for that its owner keeps: not for more keys, nor for their account."""

SCOPES_OF_KIND = {
    ApiKeyKind.PUBLISHABLE: PUBLISHABLE_SCOPES,
    ApiKeyKind.SECRET: SECRET_SCOPES,
}


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be used in a minute."""

    requests_per_minute: int
    cost_per_minute: int


class KeySettings(BaseModel):
    """`POLYPHONY_KEYS_*`."""

    model_config = ConfigDict(frozen=True)

    per_account: int = Field(50, ge=1, description="Keys of one account that are good.")
    overlap_s: int = Field(86_400, ge=0, description="How long the old secret of a key stays good.")
    free_requests_per_minute: int = Field(60, gt=0, description="Requests of a FREE key.")
    free_cost_per_minute: int = Field(3_000, gt=0, description="Cost of its operations.")
    pro_requests_per_minute: int = Field(600, gt=0, description="Requests of a PRO key.")
    pro_cost_per_minute: int = Field(60_000, gt=0, description="Cost of its operations.")
    partner_requests_per_minute: int = Field(6_000, gt=0, description="Requests of a PARTNER key.")
    partner_cost_per_minute: int = Field(600_000, gt=0, description="Cost of its operations.")

    def budget(self, plan: ApiKeyPlan) -> Budget:
        """Return what a plan allows."""
        match plan:
            case ApiKeyPlan.FREE:
                return Budget(self.free_requests_per_minute, self.free_cost_per_minute)
            case ApiKeyPlan.PRO:
                return Budget(self.pro_requests_per_minute, self.pro_cost_per_minute)
            case ApiKeyPlan.PARTNER:
                return Budget(self.partner_requests_per_minute, self.partner_cost_per_minute)
