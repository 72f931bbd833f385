#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "services/retrieval/history.h"
#include "services/retrieval/insight_parts.h"
#include "services/retrieval/series.h"

namespace campaign::retrieval {

namespace {

// " about billing, open for 3 days (1 sensitive)", of the newest of the open tickets.
std::string NewestTicket(const v1::Profile& profile) {
  const v1::OpenTicket& newest = profile.open_tickets(0);
  const auto is_sensitive = [](const v1::OpenTicket& ticket) { return ticket.sensitive(); };
  const auto sensitive = std::count_if(profile.open_tickets().begin(), profile.open_tickets().end(), is_sensitive);
  return absl::StrCat(newest.topic().empty() ? "" : " about ", newest.topic(), ", open for ",
                      newest.days_open() < 1 ? "less than a day" : Count(WholeDays(newest.days_open()), "day"),
                      sensitive == 0 ? "" : absl::StrCat(" (", sensitive, " sensitive)"));
}

// Tickets that are closed, as far as the history knows them.
struct PastTickets {
  int count = 0;
  const TicketHistory* last = nullptr;
};

PastTickets FindPastTickets(const History& history) {
  PastTickets past;
  for (const TicketHistory& ticket : history.tickets()) {
    if (IsOpen(ticket)) continue;
    ++past.count;
    if (past.last == nullptr || ticket.closed_time() > past.last->closed_time()) past.last = &ticket;
  }
  return past;
}

void AddPastTickets(const PastTickets& past, absl::Time as_of, std::string& text, v1::Insight& insight) {
  if (past.count == 0) return;
  const Origin closed{v1::FACT_SOURCE_TICKETS, past.last->closed_time()};
  absl::StrAppend(&text, "; ", past.count, " closed, the last", past.last->topic().empty() ? "" : " about ",
                  past.last->topic(), " ", Ago(DaysBetween(past.last->closed_time(), as_of)));
  AddFact("past_ticket_count", past.count, closed, insight);
  if (!past.last->topic().empty()) AddFact("past_ticket_topic", past.last->topic(), closed, insight);
}

}  // namespace

bool FillTickets(const InsightSource& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  const int open = profile.open_tickets_size();
  const PastTickets past = FindPastTickets(source.history);
  if (open == 0 && profile.tickets_90d() == 0 && past.count == 0) return false;
  std::string text = Count(open, "open ticket");
  if (open > 1) absl::StrAppend(&text, ", the newest");
  if (open > 0) absl::StrAppend(&text, NewestTicket(profile));
  if (profile.tickets_90d() > open) absl::StrAppend(&text, "; ", profile.tickets_90d(), " opened in the last 90 days");
  uint32_t opened = 0;
  for (const TicketHistory& ticket : source.history.tickets()) {
    if (IsOpen(ticket)) opened = std::max(opened, ticket.opened_time());
  }
  const Origin newest{v1::FACT_SOURCE_TICKETS, opened};
  AddFact("open_ticket_count", open, newest, insight);
  if (open > 0 && !profile.open_tickets(0).topic().empty()) {
    AddFact("open_ticket_topic", profile.open_tickets(0).topic(), newest, insight);
  }
  AddPastTickets(past, source.as_of, text, insight);
  insight.set_text(std::move(text));
  return true;
}

namespace {

bool WasTold(const v1::FeatureUse& use) { return use.has_days_since_announced(); }

// The one announced last of those that `is_wanted`, or null.
template <class Predicate>
const v1::FeatureUse* AnnouncedLast(const v1::Profile& profile, Predicate is_wanted) {
  const v1::FeatureUse* last = nullptr;
  for (const v1::FeatureUse& use : profile.features()) {
    if (!WasTold(use) || !is_wanted(use)) continue;
    if (last == nullptr || use.days_since_announced() < last->days_since_announced()) last = &use;
  }
  return last;
}

std::string FeatureText(const v1::Profile& profile, const v1::FeatureUse* ignored, const v1::FeatureUse* unused) {
  std::vector<std::string> parts;
  if (ignored != nullptr) {
    parts.push_back(
        absl::StrCat("ignored the announcement of ", ignored->feature(), " ", Ago(ignored->days_since_announced())));
  }
  if (unused != nullptr && unused != ignored) {
    parts.push_back(
        absl::StrCat("told of ", unused->feature(), " ", Ago(unused->days_since_announced()), ", never used it"));
  }
  const v1::FeatureUse* used = nullptr;
  for (const v1::FeatureUse& use : profile.features()) {
    if (use.uses_total() > 0 && (used == nullptr || use.uses_total() > used->uses_total())) used = &use;
  }
  if (used != nullptr) {
    parts.push_back(absl::StrCat("used ", used->feature(), " ", Count(used->uses_total(), "time"), ", last ",
                                 Ago(used->days_since_last_use())));
  }
  std::string text;
  for (const std::string& part : parts) absl::StrAppend(&text, text.empty() ? "" : "; ", part);
  return text;
}

uint32_t AnnouncedTime(const std::string& feature, const History& history) {
  for (const FeatureHistory& one : history.features()) {
    if (one.feature() == feature) return one.last_announced_time();
  }
  return 0;
}

// "search, export": what the customer was told of and never used, in the profile's order, newest first.
std::string NeverUsed(const v1::Profile& profile) {
  std::string names;
  for (const v1::FeatureUse& use : profile.features()) {
    if (WasTold(use) && use.uses_total() == 0) absl::StrAppend(&names, names.empty() ? "" : ", ", use.feature());
  }
  return names;
}

}  // namespace

bool FillFeatureUse(const InsightSource& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  const auto* ignored = AnnouncedLast(profile, [](const v1::FeatureUse& use) { return use.announcement_ignored(); });
  const auto* unused = AnnouncedLast(profile, [](const v1::FeatureUse& use) { return use.uses_total() == 0; });
  std::string text = FeatureText(profile, ignored, unused);
  if (text.empty()) return false;
  insight.set_text(std::move(text));
  const auto told = [&](const v1::FeatureUse& use) {
    return Origin{v1::FACT_SOURCE_INTERACTIONS, AnnouncedTime(use.feature(), source.history)};
  };
  if (ignored != nullptr) AddFact("ignored_feature", ignored->feature(), told(*ignored), insight);
  if (unused == nullptr) return true;
  AddFact("unused_feature", unused->feature(), told(*unused), insight);
  const std::string all = NeverUsed(profile);
  // One alone has been said.
  if (all.size() > unused->feature().size()) AddFact("unused_features", all, told(*unused), insight);
  return true;
}

bool FillActivity(const InsightSource& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  if (!profile.has_days_since_last_activity()) return false;
  const int64_t days = WholeDays(profile.days_since_last_activity());
  std::string text = days == 0 ? "active within the last day" : absl::StrCat("inactive for ", Count(days, "day"));
  const uint32_t last = source.history.last_activity_time();
  AddFact("days_inactive", days, {v1::FACT_SOURCE_ACTIVITY, last}, insight);
  if (profile.has_activity_change()) {
    const int64_t percent = std::llround(profile.activity_change() * 100);
    absl::StrAppend(&text, "; activity ", Change(percent), " against the previous 30 days (",
                    profile.activity_previous_30d(), " to ", profile.activity_30d(), ")");
    AddFact("activity_change_percent", percent, {v1::FACT_SOURCE_ACTIVITY_60D, last}, insight);
  }
  insight.set_text(std::move(text));
  return true;
}

namespace {

const MessageHistory* LastMessage(const History& history) {
  const MessageHistory* last = nullptr;
  for (const MessageHistory& message : history.messages()) {
    if (last == nullptr || message.sent_time() > last->sent_time()) last = &message;
  }
  return last != nullptr && last->sent_time() != 0 ? last : nullptr;
}

// What came of a message, the strongest first.
absl::string_view OutcomeOf(const MessageHistory& message) {
  if (message.complained()) return "complained";
  if (message.unsubscribed()) return "unsubscribed";
  if (message.converted()) return "converted";
  if (message.clicked()) return "clicked";
  return message.opened() ? "opened" : "no response";
}

void AddLastMessage(const MessageHistory& last, std::string& text, v1::Insight& insight) {
  const Origin sent{v1::FACT_SOURCE_MESSAGES, last.sent_time()};
  const absl::string_view outcome = OutcomeOf(last);
  if (!last.campaign().empty()) absl::StrAppend(&text, " of ", last.campaign());
  absl::StrAppend(&text, " (", last.action_id(), last.action_id().empty() ? "" : ", ", outcome, ")");
  if (!last.action_id().empty()) AddFact("last_message_action", last.action_id(), sent, insight);
  AddFact("last_message_outcome", outcome,
          last.last_response_time() == 0 ? sent : Origin{v1::FACT_SOURCE_RESPONSES, last.last_response_time()},
          insight);
}

}  // namespace

bool FillMessages(const InsightSource& source, v1::Insight& insight) {
  const v1::Profile& profile = source.profile;
  if (!profile.has_days_since_last_message()) return false;
  std::string text = absl::StrCat(Count(profile.messages_30d(), "message"), " in the last 30 days");
  if (profile.messages_30d() > 0) absl::StrAppend(&text, ", ", profile.messages_ignored_30d(), " ignored");
  absl::StrAppend(&text, "; the last one ", Ago(profile.days_since_last_message()));
  const uint32_t newest = source.history.last_message_time();
  const Origin month{v1::FACT_SOURCE_MESSAGES_30D, Within(30, newest, source.as_of)};
  AddFact("messages_30d", profile.messages_30d(), month, insight);
  AddFact("messages_ignored_30d", profile.messages_ignored_30d(), month, insight);
  const MessageHistory* last = LastMessage(source.history);
  if (last != nullptr) AddLastMessage(*last, text, insight);
  if (profile.complaints_365d() > 0) {
    absl::StrAppend(&text, "; ", Count(profile.complaints_365d(), "complaint"), " in the last year");
  }
  insight.set_text(std::move(text));
  return true;
}

}  // namespace campaign::retrieval
