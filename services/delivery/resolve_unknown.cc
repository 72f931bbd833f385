#include "services/delivery/resolve_unknown.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/clean_text.h"
#include "services/delivery/dispatcher.h"

namespace campaign::delivery {
namespace {

// As those of the dispatcher in the ledger.
constexpr size_t kMaxReasonBytes = 240;
// A receipt has room for eight reasons, one of which is the last outcome.
constexpr size_t kMaxResolutions = 7;

const char* CodeOf(v1::UnknownResolution resolution) {
  return resolution == v1::UNKNOWN_RESOLUTION_SENT ? kResolvedSent : kResolvedNotSent;
}

std::string TextOf(const ResolutionRow& row) {
  const bool sent = row.resolution == v1::UNKNOWN_RESOLUTION_SENT;
  return absl::StrCat(row.resolved_by, sent ? " says that it was sent" : " says that it was not sent",
                      row.comment.empty() ? "" : ": ", row.comment);
}

void AddFact(const char* name, const std::string& value, v1::Reason& reason) {
  v1::Fact& fact = *reason.add_facts();
  fact.set_name(name);
  fact.set_value(value);
}

absl::Status Check(const v1::ResolveUnknownRequest& request) {
  if (request.channel() == v1::CHANNEL_UNSPECIFIED) {
    return InvalidField("channel", v1::Channel_Name(request.channel()), "names no channel");
  }
  if (request.resolution() == v1::UNKNOWN_RESOLUTION_UNSPECIFIED) {
    return InvalidField("resolution", v1::UnknownResolution_Name(request.resolution()),
                        "is neither UNKNOWN_RESOLUTION_SENT nor UNKNOWN_RESOLUTION_NOT_SENT");
  }
  return absl::OkStatus();
}

void Apply(Connection& connection, const ResolutionRow& resolution, LedgerRow& row) {
  InsertResolution(connection, resolution);
  const bool sent = resolution.resolution == v1::UNKNOWN_RESOLUTION_SENT;
  row.state = sent ? v1::DELIVERY_STATE_ACCEPTED : v1::DELIVERY_STATE_RETRY_WAIT;
  row.retry_time = sent ? absl::UnixEpoch() : resolution.resolve_time;
  row.reason_code = CodeOf(resolution.resolution);
  row.reason_text = CleanText(TextOf(resolution), kMaxReasonBytes);
  row.update_time = resolution.resolve_time;
  UpdateRow(connection, row);
}

// What stays SENDING although nobody is sending it was broken off.
bool IsUnknown(const LedgerRow& row) {
  return row.state == v1::DELIVERY_STATE_UNKNOWN || row.state == v1::DELIVERY_STATE_SENDING;
}

v1::Receipt ReceiptOf(Connection& connection, const LedgerRow& row) {
  v1::Receipt receipt;
  FillReceipt(row, receipt);
  AddResolutions(connection, row, receipt);
  return receipt;
}

}  // namespace

absl::StatusOr<v1::Receipt> ResolveUnknown(Connection& connection, const v1::ResolveUnknownRequest& request,
                                           bool in_flight, absl::Time now) {
  RETURN_IF_ERROR(Check(request));
  absl::optional<LedgerRow> row = FindRow(connection, request.customer_run_id(), request.channel());
  const std::string name =
      absl::StrCat("dispatch of ", request.customer_run_id(), " by ", ChannelName(request.channel()));
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("there is no ", name));
  if (in_flight) return absl::AbortedError(absl::StrCat("the ", name, " is being sent right now"));
  if (IsUnknown(*row)) {
    Apply(connection, {row->dispatch_id, request.resolution(), request.resolved_by(), request.comment(), now}, *row);
    return ReceiptOf(connection, *row);
  }
  const std::vector<ResolutionRow> said = ListResolutions(connection, row->dispatch_id);
  if (!said.empty() && said.back().resolution == request.resolution()) return ReceiptOf(connection, *row);
  return absl::FailedPreconditionError(absl::StrCat("the ", name, " is in ", v1::DeliveryState_Name(row->state),
                                                    ", not in DELIVERY_STATE_UNKNOWN",
                                                    said.empty() ? "" : absl::StrCat("; ", TextOf(said.back()))));
}

void ResolveByReport(Connection& connection, const std::string& provider, absl::Time now, LedgerRow row) {
  if (row.state != v1::DELIVERY_STATE_UNKNOWN) return;
  Apply(
      connection,
      {row.dispatch_id, v1::UNKNOWN_RESOLUTION_SENT, absl::StrCat("provider ", provider), "it has reported on it", now},
      row);
}

void AddResolutions(Connection& connection, const LedgerRow& row, v1::Receipt& receipt) {
  const std::vector<ResolutionRow> said = ListResolutions(connection, row.dispatch_id);
  if (said.empty()) return;
  // The row's own reason may be the last of them, shortened.
  if (row.reason_code == CodeOf(said.back().resolution)) receipt.clear_reasons();
  for (size_t i = said.size() > kMaxResolutions ? said.size() - kMaxResolutions : 0; i < said.size(); ++i) {
    v1::Reason& reason = *receipt.add_reasons();
    reason.set_code(CodeOf(said[i].resolution));
    reason.set_text(TextOf(said[i]));
    AddFact("resolved_by", said[i].resolved_by, reason);
    AddFact("resolve_time", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", said[i].resolve_time, absl::UTCTimeZone()), reason);
    if (!said[i].comment.empty()) AddFact("comment", said[i].comment, reason);
  }
}

}  // namespace campaign::delivery
