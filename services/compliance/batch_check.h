#pragma once

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/compiled_compliance.h"
#include "services/compliance/compliance_store.h"
#include "services/compliance/verdict.h"
#include "services/compliance/zone_database.h"

namespace campaign::compliance {

// The checks of one request, in two parts: what the message and the profile say by themselves (the constructor, on any
// thread), then what depends on state that other requests change (Decide, in the transaction that also reserves).
// Every check is evaluated for every item. Not thread-safe; `request` must outlive it.
class BatchCheck {
 public:
  BatchCheck(const v1::CheckRequest& request, std::shared_ptr<const CompiledCompliance> compiled,
             const ZoneDatabase& zones, absl::Time now);

  // Checks suppression, consent and frequency caps, fills `response`, and reserves the slots of ALLOW and REVIEW, or
  // takes back an earlier reservation where there is neither. Only reads where the request is a dry run.
  void Decide(ComplianceStore& store, v1::CheckResponse& response);

 private:
  // An item as the stateful checks see it.
  struct Item {
    const v1::CheckItem* item;
    Findings findings;
  };

  void CheckSuppression(ComplianceStore& store, Item& item);
  void CheckConsent(ComplianceStore& store, Item& item);
  void CheckCaps(ComplianceStore& store, Item& item);
  void Settle(ComplianceStore& store, const Item& item) const;
  Contact NextContact(const v1::CheckItem& item) const;

  const v1::CheckRequest& request_;
  const std::shared_ptr<const CompiledCompliance> compiled_;
  const absl::Time now_;
  int64_t campaign_id_ = 0;
  std::vector<Item> items_;
  // Reused from item to item.
  std::vector<SuppressionHit> hits_;
  std::vector<Contact> contacts_;
};

}  // namespace campaign::compliance
