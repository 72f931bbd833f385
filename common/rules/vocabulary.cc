#include "common/rules/vocabulary.h"

#include <cmath>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/rules/phrases.h"
#include "common/text/sentiment.h"

namespace campaign::rules {
namespace {

using absl::optional;
using absl::StrCat;
using absl::string_view;
using v1::CategoryStats;
using v1::Customer;
using v1::FeatureUse;
using v1::Profile;
using v1::SegmentResult;

// --- Readers: each makes a function for one field.

template <auto Get>
optional<double> Count(const Subject& subject, string_view) {
  return static_cast<double>((subject.profile.*Get)());
}

template <auto Has, auto Get>
optional<double> Given(const Subject& subject, string_view) {
  if (!(subject.profile.*Has)()) return absl::nullopt;
  return static_cast<double>((subject.profile.*Get)());
}

template <auto Get>
optional<double> Money(const Subject& subject, string_view) {
  return MajorUnits((subject.profile.*Get)(), subject.profile.customer().currency_code());
}

optional<double> AverageOrder(const Subject& subject, string_view) {
  if (!subject.profile.has_average_order_minor()) return absl::nullopt;
  return Money<&Profile::average_order_minor>(subject, "");
}

template <auto Get>
optional<double> Rfm(const Subject& subject, string_view) {
  if (subject.segment == nullptr || !subject.segment->has_rfm()) return absl::nullopt;
  return static_cast<double>((subject.segment->rfm().*Get)());
}

// While segmentation is at work, the result has scores already, but no segment yet.
optional<double> SegmentScore(const Subject& subject, string_view) {
  if (subject.segment == nullptr || subject.segment->segment().empty()) return absl::nullopt;
  return subject.segment->score();
}

template <auto Has, auto Get>
optional<double> OfSegment(const Subject& subject, string_view) {
  if (subject.segment == nullptr || !(subject.segment->*Has)()) return absl::nullopt;
  return static_cast<double>((subject.segment->*Get)());
}

template <auto Has, auto Get>
optional<double> MoneyOfSegment(const Subject& subject, string_view) {
  if (subject.segment == nullptr || !(subject.segment->*Has)()) return absl::nullopt;
  return MajorUnits((subject.segment->*Get)(), subject.profile.customer().currency_code());
}

const CategoryStats* FindCategory(const Subject& subject, string_view category) {
  for (const CategoryStats& stats : subject.profile.categories()) {
    if (stats.category() == category) return &stats;
  }
  return nullptr;
}

template <auto Get>
optional<double> Category(const Subject& subject, string_view category) {
  const CategoryStats* stats = FindCategory(subject, category);
  return stats == nullptr ? 0.0 : static_cast<double>((stats->*Get)());
}

optional<double> CategorySpend(const Subject& subject, string_view category) {
  const CategoryStats* stats = FindCategory(subject, category);
  if (stats == nullptr) return 0.0;
  return MajorUnits(stats->spend_365d_minor(), subject.profile.customer().currency_code());
}

const FeatureUse* FindFeatureUse(const Subject& subject, string_view feature) {
  for (const FeatureUse& use : subject.profile.features()) {
    if (use.feature() == feature) return &use;
  }
  return nullptr;
}

optional<double> FeatureUses(const Subject& subject, string_view feature) {
  const FeatureUse* use = FindFeatureUse(subject, feature);
  return use == nullptr ? 0.0 : static_cast<double>(use->uses_total());
}

template <auto Has, auto Get>
optional<double> FeatureDays(const Subject& subject, string_view feature) {
  const FeatureUse* use = FindFeatureUse(subject, feature);
  if (use == nullptr || !(use->*Has)()) return absl::nullopt;
  return (use->*Get)();
}

bool FeatureAnnouncementIgnored(const Subject& subject, string_view feature) {
  const FeatureUse* use = FindFeatureUse(subject, feature);
  return use != nullptr && use->announcement_ignored();
}

optional<string_view> NotEmpty(string_view text) {
  if (text.empty()) return absl::nullopt;
  return text;
}

template <auto Get>
optional<string_view> CustomerText(const Subject& subject, string_view) {
  return NotEmpty((subject.profile.customer().*Get)());
}

// "en" of "en-US".
optional<string_view> Language(const Subject& subject, string_view) {
  string_view locale = subject.profile.customer().locale();
  return NotEmpty(locale.substr(0, locale.find_first_of("-_")));
}

template <auto Get>
optional<string_view> SegmentText(const Subject& subject, string_view) {
  if (subject.segment == nullptr) return absl::nullopt;
  return NotEmpty((subject.segment->*Get)());
}

optional<string_view> LastAnnouncedFeature(const Subject& subject, string_view) {
  return NotEmpty(subject.profile.last_announced_feature());
}

optional<string_view> Attribute(const Subject& subject, string_view name) {
  for (const v1::Fact& attribute : subject.profile.customer().attributes()) {
    if (attribute.name() == name) return string_view(attribute.value());
  }
  return absl::nullopt;
}

optional<double> AttributeNumber(const Subject& subject, string_view name) {
  optional<string_view> text = Attribute(subject, name);
  double number;
  // SimpleAtod also takes "nan" and "inf", which no comparison could use.
  if (!text || !absl::SimpleAtod(*text, &number) || !std::isfinite(number)) return absl::nullopt;
  return number;
}

bool LastAnnouncementIgnored(const Subject& subject, string_view) {
  return subject.profile.last_announcement_ignored();
}

bool SensitiveTicketOpen(const Subject& subject, string_view) {
  for (const v1::OpenTicket& ticket : subject.profile.open_tickets()) {
    if (ticket.sensitive()) return true;
  }
  return false;
}

// What is typed into a search box is said to nobody.
bool SaidToUs(const v1::CustomerText& text) {
  return text.source() == v1::TEXT_SOURCE_TICKET || text.source() == v1::TEXT_SOURCE_CHAT;
}

bool ComplaintInTexts(const Subject& subject, string_view) {
  for (const v1::CustomerText& text : subject.profile.recent_texts()) {
    if (SaidToUs(text) && text::SentimentOf(text.text()).complaint) return true;
  }
  return false;
}

optional<double> SentimentInTexts(const Subject& subject, string_view) {
  double sum = 0;
  int count = 0;
  for (const v1::CustomerText& text : subject.profile.recent_texts()) {
    if (!SaidToUs(text)) continue;
    sum += text::SentimentOf(text.text()).score;
    ++count;
  }
  if (count == 0) return absl::nullopt;
  return sum / count;
}

v1::Channel ChannelNamed(string_view name) {
  if (name == "email") return v1::CHANNEL_EMAIL;
  if (name == "sms") return v1::CHANNEL_SMS;
  if (name == "push") return v1::CHANNEL_PUSH;
  return name == "chat" ? v1::CHANNEL_CHAT : v1::CHANNEL_UNSPECIFIED;
}

bool Reachable(const Subject& subject, string_view channel) {
  const v1::Channel wanted = ChannelNamed(channel);
  for (const v1::ContactPoint& point : subject.profile.customer().contact_points()) {
    if (point.channel() == wanted && !point.address().empty()) return true;
  }
  return false;
}

bool Tags(const Subject& subject, absl::FunctionRef<bool(string_view)> found) {
  for (const std::string& tag : subject.profile.customer().tags()) {
    if (found(tag)) return true;
  }
  return false;
}

bool OpenTicketTopics(const Subject& subject, absl::FunctionRef<bool(string_view)> found) {
  for (const v1::OpenTicket& ticket : subject.profile.open_tickets()) {
    if (!ticket.topic().empty() && found(ticket.topic())) return true;
  }
  return false;
}

// --- Describers.

std::string Amount(const Reading& reading) {
  return MoneyPhrase(reading.number, reading.subject.profile.customer().currency_code());
}

std::string DescribeActivityChange(const Reading& reading) {
  if (reading.number == 0) return "as active as in the previous 30 days";
  const bool down = reading.number < 0;
  return StrCat("activity ", down ? "down " : "up ", PercentPhrase(down ? -reading.number : reading.number),
                " against the previous 30 days");
}

std::string DescribeLastAnnouncement(const Reading& reading) {
  const std::string& feature = reading.subject.profile.last_announced_feature();
  const std::string named = feature.empty() ? "" : StrCat(" (", feature, ")");
  if (reading.number != 0) return StrCat("ignored the last feature update", named);
  return feature.empty() ? "no feature update to ignore" : StrCat("did not ignore the last feature update", named);
}

std::string DescribeFeatureUses(const Reading& reading) {
  if (reading.number == 0) return StrCat("never used ", reading.key);
  return StrCat("used ", reading.key, " ", CountPhrase(reading.number, "time"));
}

std::string DescribeInactivity(const Reading& reading) {
  return reading.number < 1 ? "active within the last day" : StrCat("no activity for ", DaysPhrase(reading.number));
}

using R = Reading;

constexpr VocabularyEntry kVocabulary[] = {
    // Numbers.
    {"days_since_signup", nullptr, Given<&Profile::has_days_since_signup, &Profile::days_since_signup>,
     [](const R& r) { return StrCat("signed up ", DaysPhrase(r.number), " ago"); }, "signup date not known"},
    {"days_since_first_purchase", nullptr,
     Given<&Profile::has_days_since_first_purchase, &Profile::days_since_first_purchase>,
     [](const R& r) { return StrCat("first bought ", DaysPhrase(r.number), " ago"); }, "has never bought"},
    {"days_since_last_purchase", nullptr,
     Given<&Profile::has_days_since_last_purchase, &Profile::days_since_last_purchase>,
     [](const R& r) { return StrCat("last bought ", DaysPhrase(r.number), " ago"); }, "has never bought"},
    {"orders_total", nullptr, Count<&Profile::orders_total>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "order"), " in all"); }},
    {"orders_90d", nullptr, Count<&Profile::orders_90d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "order"), " in 90 days"); }},
    {"orders_365d", nullptr, Count<&Profile::orders_365d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "order"), " in 365 days"); }},
    {"spend_total", nullptr, Money<&Profile::spend_total_minor>,
     [](const R& r) { return StrCat("spent ", Amount(r), " in all"); }},
    {"spend_90d", nullptr, Money<&Profile::spend_90d_minor>,
     [](const R& r) { return StrCat("spent ", Amount(r), " in 90 days"); }},
    {"spend_365d", nullptr, Money<&Profile::spend_365d_minor>,
     [](const R& r) { return StrCat("spent ", Amount(r), " in 365 days"); }},
    {"average_order", nullptr, AverageOrder, [](const R& r) { return StrCat("average order of ", Amount(r)); },
     "has never bought"},
    {"days_since_last_activity", nullptr,
     Given<&Profile::has_days_since_last_activity, &Profile::days_since_last_activity>, DescribeInactivity,
     "no activity known"},
    {"activity_30d", nullptr, Count<&Profile::activity_30d>,
     [](const R& r) { return StrCat("active ", CountPhrase(r.number, "time"), " in 30 days"); }},
    {"activity_previous_30d", nullptr, Count<&Profile::activity_previous_30d>,
     [](const R& r) { return StrCat("active ", CountPhrase(r.number, "time"), " in the 30 days before"); }},
    {"activity_change", nullptr, Given<&Profile::has_activity_change, &Profile::activity_change>,
     DescribeActivityChange, "no activity in the previous 30 days to compare with"},
    {"activity_decayed", nullptr, Count<&Profile::activity_decayed>,
     [](const R& r) { return StrCat("recent activity of ", NumberText(r.number), ", halved every 14 days"); }},
    {"tickets_90d", nullptr, Count<&Profile::tickets_90d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "support ticket"), " in 90 days"); }},
    {"open_ticket_count", nullptr,
     [](const Subject& s, string_view) -> optional<double> { return s.profile.open_tickets_size(); },
     [](const R& r) { return CountPhrase(r.number, "open ticket"); }},
    {"days_since_last_message", nullptr,
     Given<&Profile::has_days_since_last_message, &Profile::days_since_last_message>,
     [](const R& r) { return StrCat("last message from us ", DaysPhrase(r.number), " ago"); },
     "has never had a message from us"},
    {"messages_30d", nullptr, Count<&Profile::messages_30d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "message"), " from us in 30 days"); }},
    {"messages_ignored_30d", nullptr, Count<&Profile::messages_ignored_30d>,
     [](const R& r) { return StrCat("ignored ", CountPhrase(r.number, "message"), " in 30 days"); }},
    {"complaints_365d", nullptr, Count<&Profile::complaints_365d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "complaint"), " in 365 days"); }},
    // From -1, very unhappy, to 1, very happy: the mean of the recent tickets and chats (text::SentimentOf).
    {"sentiment_in_texts", nullptr, SentimentInTexts,
     [](const R& r) { return StrCat("sentiment ", NumberText(r.number), " in recent tickets and chats"); },
     "no recent tickets or chats"},
    {"segment_score", nullptr, SegmentScore, [](const R& r) { return StrCat("segment score ", NumberText(r.number)); },
     "not in a segment yet"},
    {"churn_probability", nullptr, OfSegment<&SegmentResult::has_churn_probability, &SegmentResult::churn_probability>,
     [](const R& r) { return StrCat(PercentPhrase(r.number), " probability of leaving"); },
     "probability of leaving not known"},
    {"p_alive", nullptr, OfSegment<&SegmentResult::has_p_alive, &SegmentResult::p_alive>,
     [](const R& r) { return StrCat(PercentPhrase(r.number), " likely still a customer"); },
     "not known whether still a customer"},
    {"expected_purchases", nullptr,
     OfSegment<&SegmentResult::has_expected_purchases, &SegmentResult::expected_purchases>,
     [](const R& r) { return StrCat(NumberText(r.number), " orders expected"); }, "expected orders not known"},
    {"expected_order", nullptr,
     MoneyOfSegment<&SegmentResult::has_expected_order_minor, &SegmentResult::expected_order_minor>,
     [](const R& r) { return StrCat("expected order of ", Amount(r)); }, "expected order not known"},
    {"expected_lifetime_value", nullptr,
     MoneyOfSegment<&SegmentResult::has_expected_lifetime_value_minor, &SegmentResult::expected_lifetime_value_minor>,
     [](const R& r) { return StrCat("expected to be worth ", Amount(r)); }, "lifetime value not known"},
    {"rfm_recency", nullptr, Rfm<&v1::RfmScore::recency>,
     [](const R& r) { return StrCat("recency ", NumberText(r.number), " of 5"); }, "no RFM score"},
    {"rfm_frequency", nullptr, Rfm<&v1::RfmScore::frequency>,
     [](const R& r) { return StrCat("frequency ", NumberText(r.number), " of 5"); }, "no RFM score"},
    {"rfm_monetary", nullptr, Rfm<&v1::RfmScore::monetary>,
     [](const R& r) { return StrCat("monetary value ", NumberText(r.number), " of 5"); }, "no RFM score"},
    // Truths.
    {"last_announcement_ignored", nullptr, LastAnnouncementIgnored, DescribeLastAnnouncement},
    {"complaint_in_texts", nullptr, ComplaintInTexts,
     [](const R& r) {
       return std::string(r.number != 0 ? "complains in a recent ticket or chat"
                                        : "does not complain in recent tickets and chats");
     }},
    {"sensitive_ticket_open", nullptr, SensitiveTicketOpen,
     [](const R& r) {
       return std::string(r.number != 0 ? "a sensitive ticket is open" : "no sensitive ticket is open");
     }},
    // Texts.
    {"country", nullptr, CustomerText<&Customer::country>, [](const R& r) { return StrCat("country ", r.text); },
     "country not known"},
    {"locale", nullptr, CustomerText<&Customer::locale>, [](const R& r) { return StrCat("locale ", r.text); },
     "locale not known"},
    {"language", nullptr, Language, [](const R& r) { return StrCat("language ", r.text); }, "language not known"},
    {"time_zone", nullptr, CustomerText<&Customer::time_zone>, [](const R& r) { return StrCat("time zone ", r.text); },
     "time zone not known"},
    {"currency", nullptr, CustomerText<&Customer::currency_code>, [](const R& r) { return StrCat("pays in ", r.text); },
     "currency not known"},
    {"segment", nullptr, SegmentText<&v1::SegmentResult::segment>,
     [](const R& r) { return StrCat("in the segment ", r.text); }, "not in a segment yet"},
    {"intent", nullptr, SegmentText<&v1::SegmentResult::intent>,
     [](const R& r) {
       return StrCat("last wrote about: ", absl::StrReplaceAll(r.text, {{"_", " "}}));
     },
     "intent not known"},
    {"last_announced_feature", nullptr, LastAnnouncedFeature,
     [](const R& r) { return StrCat("the last feature update was ", r.text); }, "no feature update announced yet"},
    // Sets of texts.
    {"tags", nullptr, Tags, [](const R& r) { return StrCat("tagged ", r.text); }, "no tags"},
    {"open_ticket_topics", nullptr, OpenTicketTopics, [](const R& r) { return StrCat("open ticket about ", r.text); },
     "no open ticket with a topic"},
    // Families.
    {"category_orders_120d", "category", Category<&CategoryStats::orders_120d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "order"), " of ", r.key, " in 120 days"); }},
    {"category_orders_365d", "category", Category<&CategoryStats::orders_365d>,
     [](const R& r) { return StrCat(CountPhrase(r.number, "order"), " of ", r.key, " in 365 days"); }},
    {"category_months_active", "category", Category<&CategoryStats::months_active_4m>,
     [](const R& r) { return StrCat("bought ", r.key, " in ", NumberText(r.number), " of the last 4 months"); }},
    {"category_spend_365d", "category", CategorySpend,
     [](const R& r) { return StrCat("spent ", Amount(r), " on ", r.key, " in 365 days"); }},
    {"category_views_30d", "category", Category<&CategoryStats::views_30d>,
     [](const R& r) { return StrCat("looked at ", r.key, " ", CountPhrase(r.number, "time"), " in 30 days"); }},
    {"category_affinity", "category", Category<&CategoryStats::affinity>,
     [](const R& r) { return StrCat(PercentPhrase(r.number), " of their recent interest is in ", r.key); }},
    {"feature_uses", "feature", FeatureUses, DescribeFeatureUses},
    {"feature_days_since_use", "feature",
     FeatureDays<&FeatureUse::has_days_since_last_use, &FeatureUse::days_since_last_use>,
     [](const R& r) { return StrCat("last used ", r.key, " ", DaysPhrase(r.number), " ago"); }, "never used $0"},
    {"feature_days_since_announced", "feature",
     FeatureDays<&FeatureUse::has_days_since_announced, &FeatureUse::days_since_announced>,
     [](const R& r) { return StrCat("was told of ", r.key, " ", DaysPhrase(r.number), " ago"); },
     "was never told of $0"},
    {"feature_announcement_ignored", "feature", FeatureAnnouncementIgnored,
     [](const R& r) { return StrCat(r.number != 0 ? "ignored" : "did not ignore", " the announcement of ", r.key); }},
    {"reachable", "channel", Reachable,
     [](const R& r) { return StrCat(r.number != 0 ? "reachable" : "not reachable", " by ", r.key); }},
    {"attribute", "name", Attribute, [](const R& r) { return StrCat(r.key, " is ", r.text); }, "$0 not known"},
    {"attribute_number", "name", AttributeNumber,
     [](const R& r) { return StrCat(r.key, " is ", NumberText(r.number)); }, "$0 is not a number"},
};

}  // namespace

absl::Span<const VocabularyEntry> Vocabulary() { return kVocabulary; }

}  // namespace campaign::rules
