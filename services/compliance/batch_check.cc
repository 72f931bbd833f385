#include "services/compliance/batch_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace campaign::compliance {
namespace {

const v1::Customer& CustomerOf(const v1::CheckItem& item) { return item.profile().customer(); }

// A message without a class is treated as marketing, which is held to more.
v1::MessageClass ClassOf(const v1::Message& message) {
  return message.message_class() == v1::MESSAGE_CLASS_TRANSACTIONAL ? v1::MESSAGE_CLASS_TRANSACTIONAL
                                                                    : v1::MESSAGE_CLASS_MARKETING;
}

// Names everything that the checks need and that the item lacks.
void CheckEvaluable(const v1::CheckItem& item, Findings& findings) {
  if (!item.has_profile()) {
    findings.AddNotEvaluable("There is no profile");
  } else if (CustomerOf(item).customer_id().empty()) {
    findings.AddNotEvaluable("The profile names no customer");
  }
  if (!item.has_message()) return findings.AddNotEvaluable("There is no message");
  if (item.message().channel() == v1::CHANNEL_UNSPECIFIED) findings.AddNotEvaluable("The message has no channel");
  if (item.message().address().empty()) findings.AddNotEvaluable("The message has no address");
}

}  // namespace

BatchCheck::BatchCheck(const v1::CheckRequest& request, std::shared_ptr<const CompiledCompliance> compiled,
                       const ZoneDatabase& zones, absl::Time now)
    : request_(request), compiled_(std::move(compiled)), now_(now) {
  absl::optional<QuietHoursCheck> quiet_hours;
  if (compiled_->quiet_hours.has_value()) quiet_hours.emplace(*compiled_->quiet_hours, zones, now);
  FoldedMessage folded;
  items_.reserve(request.items_size());
  for (const v1::CheckItem& item : request.items()) {
    Findings& findings = items_.emplace_back(Item{&item, {}}).findings;
    CheckEvaluable(item, findings);
    folded.Reset(item.message());
    if (item.has_message()) {
      CheckContent(item.message(), findings);
      compiled_->required_texts.Check(item.message(), folded, findings);
    }
    compiled_->red_flags.Check(item, folded, findings);
    if (quiet_hours.has_value()) quiet_hours->Check(CustomerOf(item), item.message().channel(), findings);
  }
}

Contact BatchCheck::NextContact(const v1::CheckItem& item) const {
  return {.campaign_id = campaign_id_,
          .channel = item.message().channel(),
          .message_class = ClassOf(item.message()),
          .time = now_};
}

void BatchCheck::CheckSuppression(ComplianceStore& store, Item& item) {
  const v1::Message& message = item.item->message();
  store.FindSuppressions(CustomerOf(*item.item).customer_id(), AddressKey(message.address()), message.channel(), hits_);
  for (const SuppressionHit& hit : hits_) {
    v1::Reason& reason =
        item.findings.Add(v1::VERDICT_BLOCK, kSuppressed,
                          absl::StrCat(hit.by_address ? "The address" : "The customer", " is on the suppression list",
                                       hit.reason.empty() ? "" : ": ", hit.reason));
    AddFact(reason, "target", hit.by_address ? "address" : "customer");
    AddFact(reason, "reason", hit.reason);
  }
}

void BatchCheck::CheckConsent(ComplianceStore& store, Item& item) {
  const v1::Message& message = item.item->message();
  if (ClassOf(message) == v1::MESSAGE_CLASS_TRANSACTIONAL) return;
  // CheckEvaluable has blocked it already and said what is missing.
  if (message.channel() == v1::CHANNEL_UNSPECIFIED || CustomerOf(*item.item).customer_id().empty()) return;
  const absl::optional<bool> granted = store.FindConsent(CustomerOf(*item.item).customer_id(), message.channel());
  if (granted.value_or(false)) return;
  const absl::string_view state = granted.has_value() ? "withdrawn" : "never given";
  v1::Reason& reason =
      item.findings.Add(v1::VERDICT_BLOCK, kNoConsent,
                        absl::StrCat("Consent to marketing by ", ChannelName(message.channel()), " was ", state));
  AddFact(reason, "channel", ChannelName(message.channel()));
  AddFact(reason, "consent", state);
}

void BatchCheck::CheckCaps(ComplianceStore& store, Item& item) {
  if (compiled_->caps.empty()) return;
  if (!store.FindContacts(CustomerOf(*item.item).customer_id(), item.item->customer_run_id(),
                          now_ - compiled_->longest_window, contacts_)) {
    return item.findings.AddNotEvaluable("The customer has had too many messages to count");
  }
  if (request_.has_decide_time()) {
    // Checked again as of then: what was sent since had not been.
    const auto is_later = [this](const Contact& contact) { return contact.time > now_; };
    contacts_.erase(std::remove_if(contacts_.begin(), contacts_.end(), is_later), contacts_.end());
  }
  CheckFrequencyCaps(compiled_->caps, contacts_, NextContact(*item.item), now_, item.findings);
}

void BatchCheck::Settle(ComplianceStore& store, const Item& item) const {
  const v1::Verdict verdict = WorstVerdict(item.findings);
  if (verdict == v1::VERDICT_ALLOW || verdict == v1::VERDICT_REVIEW) {
    store.Reserve(item.item->customer_run_id(), CustomerOf(*item.item).customer_id(), NextContact(*item.item));
  } else {
    store.Release(item.item->customer_run_id());
  }
}

void BatchCheck::Decide(ComplianceStore& store, v1::CheckResponse& response) {
  campaign_id_ =
      request_.dry_run() ? store.FindCampaign(request_.campaign()) : store.FindOrAddCampaign(request_.campaign());
  response.mutable_results()->Reserve(static_cast<int>(items_.size()));
  for (Item& item : items_) {
    CheckSuppression(store, item);
    CheckConsent(store, item);
    CheckCaps(store, item);
    if (!request_.dry_run()) Settle(store, item);
    FillResult(item.findings, *response.add_results()->mutable_check());
  }
}

}  // namespace campaign::compliance
