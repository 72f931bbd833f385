#pragma once

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/v1/retrieval.pb.h"
#include "common/clock.h"
#include "common/testing/testing.h"
#include "services/retrieval/features.h"
#include "services/retrieval/history.h"

// Short ways to say what a customer did, for retrieval's tests.
namespace campaign::retrieval {

inline absl::Time Noon() { return campaign::testing::Utc("2026-06-15 12:00:00"); }
inline absl::Duration Days(double days) { return days * absl::Hours(24); }

// The kind in text format, such as `page_view { product_id: "p1" }`.
inline v1::Event MakeEvent(absl::Time time, absl::string_view kind) {
  v1::Event event = campaign::testing::ParseProto<v1::Event>(kind);
  *event.mutable_event_time() = ToTimestamp(time);
  return event;
}

inline v1::Event Identified(std::string event_id, std::string customer_id, v1::Event event) {
  event.set_event_id(std::move(event_id));
  event.set_customer_id(std::move(customer_id));
  return event;
}

// An order of one line.
inline v1::Event Bought(absl::Time time, absl::string_view category, int64_t amount_minor) {
  return MakeEvent(time, absl::StrCat("purchase { order_id: 'o' amount_minor: ", amount_minor,
                                      " lines { product_id: 'p' quantity: 1 category: '", category,
                                      "' amount_minor: ", amount_minor, " } }"));
}
inline v1::Event Viewed(absl::Time time, absl::string_view product, absl::string_view category) {
  return MakeEvent(time, absl::StrCat("page_view { product_id: '", product, "' category: '", category, "' }"));
}
inline v1::Event Feature(absl::Time time, absl::string_view feature, absl::string_view kind) {
  return MakeEvent(time, absl::StrCat("interaction { feature: '", feature, "' kind: INTERACTION_KIND_", kind, " }"));
}
inline v1::Event TicketIs(absl::Time time, absl::string_view ticket_id, absl::string_view status,
                          absl::string_view more = "") {
  return MakeEvent(
      time, absl::StrCat("ticket { ticket_id: '", ticket_id, "' status: TICKET_STATUS_", status, " ", more, " }"));
}
inline v1::Event Said(absl::Time time, absl::string_view source, absl::string_view text) {
  return MakeEvent(time, absl::StrCat("words { source: TEXT_SOURCE_", source, " text: '", text, "' }"));
}
inline v1::Event Sent(absl::Time time, absl::string_view run, absl::string_view campaign = "win-back") {
  return MakeEvent(time, absl::StrCat("message_sent { customer_run_id: '", run, "' campaign: '", campaign,
                                      "' action_id: 'a' channel: CHANNEL_EMAIL }"));
}
inline v1::Event Responded(absl::Time time, absl::string_view run, absl::string_view kind) {
  return MakeEvent(time,
                   absl::StrCat("message_response { customer_run_id: '", run, "' kind: RESPONSE_KIND_", kind, " }"));
}

inline History HistoryOf(const std::vector<v1::Event>& events) {
  History history;
  for (const v1::Event& event : events) ApplyEvent(event, history);
  return history;
}
inline v1::Profile ProfileOf(const std::vector<v1::Event>& events, absl::Time as_of = Noon()) {
  return DeriveProfile(v1::Customer(), HistoryOf(events), as_of);
}

}  // namespace campaign::retrieval
