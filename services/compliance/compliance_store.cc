#include "services/compliance/compliance_store.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "common/clock.h"

namespace campaign::compliance {
namespace {

// Times are microseconds since 1970. state: 0 reserved, 1 committed. target_kind: 0 customer, 1 address.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS campaign (
  campaign_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS contact (
  contact_id INTEGER PRIMARY KEY,
  customer_run_id TEXT NOT NULL UNIQUE,
  customer_id TEXT NOT NULL,
  campaign_id INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  message_class INTEGER NOT NULL,
  state INTEGER NOT NULL,
  time INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS contact_by_customer ON contact (customer_id);
CREATE TABLE IF NOT EXISTS suppression (
  suppression_id INTEGER PRIMARY KEY,
  target_kind INTEGER NOT NULL,
  target TEXT NOT NULL,
  channel INTEGER NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (target, target_kind, channel));
CREATE TABLE IF NOT EXISTS consent (
  customer_id TEXT NOT NULL,
  channel INTEGER NOT NULL,
  granted INTEGER NOT NULL,
  event_time INTEGER NOT NULL,
  source TEXT NOT NULL,
  UNIQUE (customer_id, channel));
)sql";

constexpr char kFindCampaign[] = "SELECT campaign_id FROM campaign WHERE name = $1";
constexpr char kAddCampaign[] = "INSERT INTO campaign (name) VALUES ($1) RETURNING campaign_id";

// The channel is compared outside: as a condition here it would cost a temporary table a time.
constexpr char kFindSuppressions[] = "SELECT channel, reason FROM suppression WHERE target = $1 AND target_kind = $2";
constexpr char kAddSuppression[] =
    "INSERT INTO suppression (target_kind, target, channel, reason, source, create_time) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
constexpr char kRemoveSuppression[] = "DELETE FROM suppression WHERE target_kind = $1 AND target = $2 AND channel = $3";
constexpr char kListSuppressions[] =
    "SELECT suppression_id, target_kind, target, channel, reason, source, create_time FROM suppression "
    "WHERE suppression_id > $1 ORDER BY suppression_id LIMIT $2";

constexpr char kFindConsent[] = "SELECT granted FROM consent WHERE customer_id = $1 AND channel = $2";
constexpr char kFindConsentedChannels[] =
    "SELECT channel FROM consent WHERE customer_id = $1 AND granted = 1 ORDER BY channel";
constexpr char kRecordConsent[] =
    "INSERT INTO consent (customer_id, channel, granted, event_time, source) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (customer_id, channel) DO UPDATE SET "
    "granted = excluded.granted, event_time = excluded.event_time, source = excluded.source "
    "WHERE excluded.event_time > consent.event_time "
    "OR (excluded.event_time = consent.event_time AND excluded.granted < consent.granted)";

constexpr char kFindContacts[] =
    "SELECT campaign_id, channel, message_class, time FROM contact "
    "WHERE customer_id = $1 AND time > $2 AND customer_run_id <> $3 LIMIT $4";
constexpr char kReserve[] =
    "INSERT INTO contact (customer_run_id, customer_id, campaign_id, channel, message_class, state, time) "
    "VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (customer_run_id) DO UPDATE SET "
    "customer_id = excluded.customer_id, campaign_id = excluded.campaign_id, channel = excluded.channel, "
    "message_class = excluded.message_class, time = excluded.time WHERE contact.state = 0";
constexpr char kRelease[] = "DELETE FROM contact WHERE customer_run_id = $1 AND state = 0";
constexpr char kCommit[] = "UPDATE contact SET state = 1, time = $1 WHERE customer_run_id = $2 AND state = 0";
// Contacts are numbered in about the order of their times, so the oldest are found without an index on time.
constexpr char kPrune[] =
    "DELETE FROM contact WHERE time < $1 AND contact_id IN "
    "(SELECT contact_id FROM contact ORDER BY contact_id LIMIT 2000)";

struct Target {
  int kind;
  std::string text;
};

Target TargetOf(const v1::Suppression& suppression) {
  if (suppression.has_customer_id()) return {0, suppression.customer_id()};
  return {1, AddressKey(suppression.address())};
}

void ReadSuppression(SQLite::Statement& row, v1::Suppression& suppression) {
  if (row.getColumn(1).getInt() == 0) {
    suppression.set_customer_id(row.getColumn(2).getText());
  } else {
    suppression.set_address(row.getColumn(2).getText());
  }
  suppression.set_channel(static_cast<v1::Channel>(row.getColumn(3).getInt()));
  suppression.set_reason(row.getColumn(4).getText());
  suppression.set_source(row.getColumn(5).getText());
  *suppression.mutable_create_time() = ToTimestamp(absl::FromUnixMicros(row.getColumn(6).getInt64()));
}

}  // namespace

std::string AddressKey(absl::string_view address) {
  std::string key(absl::StripAsciiWhitespace(address));
  if (absl::StrContains(key, '@')) {
    absl::AsciiStrToLower(&key);
  } else if (absl::StartsWith(key, "+")) {
    absl::StrReplaceAll({{" ", ""}, {"-", ""}, {"(", ""}, {")", ""}, {".", ""}, {"/", ""}}, &key);
  }
  return key;
}

absl::StatusOr<std::unique_ptr<Database>> ComplianceStore::Open(const std::string& path) {
  return Database::Open(path, kSchema);
}

int64_t ComplianceStore::FindCampaign(const std::string& campaign) {
  SQLite::Statement& find = connection_.Prepare(kFindCampaign);
  find.bindNoCopy(1, campaign);
  int64_t id = 0;
  while (find.executeStep()) id = find.getColumn(0).getInt64();
  return id;
}

int64_t ComplianceStore::FindOrAddCampaign(const std::string& campaign) {
  if (const int64_t id = FindCampaign(campaign); id != 0) return id;
  SQLite::Statement& add = connection_.Prepare(kAddCampaign);
  add.bindNoCopy(1, campaign);
  int64_t id = 0;
  while (add.executeStep()) id = add.getColumn(0).getInt64();
  return id;
}

void ComplianceStore::FindSuppressions(const std::string& customer_id, const std::string& address, v1::Channel channel,
                                       std::vector<SuppressionHit>& hits) {
  hits.clear();
  for (const bool by_address : {false, true}) {
    SQLite::Statement& find = connection_.Prepare(kFindSuppressions);
    find.bindNoCopy(1, by_address ? address : customer_id);
    find.bind(2, by_address ? 1 : 0);
    while (find.executeStep()) {
      const int entry_channel = find.getColumn(0).getInt();
      if (entry_channel != v1::CHANNEL_UNSPECIFIED && entry_channel != channel) continue;
      hits.push_back({by_address, find.getColumn(1).getText()});
    }
  }
}

absl::optional<bool> ComplianceStore::FindConsent(const std::string& customer_id, v1::Channel channel) {
  SQLite::Statement& find = connection_.Prepare(kFindConsent);
  find.bindNoCopy(1, customer_id);
  find.bind(2, static_cast<int>(channel));
  absl::optional<bool> granted;
  while (find.executeStep()) granted = find.getColumn(0).getInt() == 1;
  return granted;
}

bool ComplianceStore::FindContacts(const std::string& customer_id, const std::string& customer_run_id, absl::Time after,
                                   std::vector<Contact>& contacts) {
  contacts.clear();
  SQLite::Statement& find = connection_.Prepare(kFindContacts);
  find.bindNoCopy(1, customer_id);
  find.bind(2, absl::ToUnixMicros(after));
  find.bindNoCopy(3, customer_run_id);
  find.bind(4, kMaxContacts + 1);
  while (find.executeStep()) {
    contacts.push_back({.campaign_id = find.getColumn(0).getInt64(),
                        .channel = static_cast<v1::Channel>(find.getColumn(1).getInt()),
                        .message_class = static_cast<v1::MessageClass>(find.getColumn(2).getInt()),
                        .time = absl::FromUnixMicros(find.getColumn(3).getInt64())});
  }
  return contacts.size() <= kMaxContacts;
}

void ComplianceStore::Reserve(const std::string& customer_run_id, const std::string& customer_id,
                              const Contact& contact) {
  SQLite::Statement& reserve = connection_.Prepare(kReserve);
  reserve.bindNoCopy(1, customer_run_id);
  reserve.bindNoCopy(2, customer_id);
  reserve.bind(3, contact.campaign_id);
  reserve.bind(4, static_cast<int>(contact.channel));
  reserve.bind(5, static_cast<int>(contact.message_class));
  reserve.bind(6, absl::ToUnixMicros(contact.time));
  reserve.exec();
}

bool ComplianceStore::Release(const std::string& customer_run_id) {
  SQLite::Statement& release = connection_.Prepare(kRelease);
  release.bindNoCopy(1, customer_run_id);
  return release.exec() > 0;
}

bool ComplianceStore::Commit(const std::string& customer_run_id, absl::Time now) {
  SQLite::Statement& commit = connection_.Prepare(kCommit);
  commit.bind(1, absl::ToUnixMicros(now));
  commit.bindNoCopy(2, customer_run_id);
  return commit.exec() > 0;
}

void ComplianceStore::Prune(absl::Time before) {
  SQLite::Statement& prune = connection_.Prepare(kPrune);
  prune.bind(1, absl::ToUnixMicros(before));
  prune.exec();
}

bool ComplianceStore::AddSuppression(const v1::Suppression& suppression, absl::Time now) {
  const Target target = TargetOf(suppression);
  SQLite::Statement& add = connection_.Prepare(kAddSuppression);
  add.bind(1, target.kind);
  add.bindNoCopy(2, target.text);
  add.bind(3, static_cast<int>(suppression.channel()));
  add.bindNoCopy(4, suppression.reason());
  add.bindNoCopy(5, suppression.source());
  add.bind(6, absl::ToUnixMicros(now));
  return add.exec() > 0;
}

bool ComplianceStore::RemoveSuppression(const v1::Suppression& suppression) {
  const Target target = TargetOf(suppression);
  SQLite::Statement& remove = connection_.Prepare(kRemoveSuppression);
  remove.bind(1, target.kind);
  remove.bindNoCopy(2, target.text);
  remove.bind(3, static_cast<int>(suppression.channel()));
  return remove.exec() > 0;
}

int64_t ComplianceStore::ListSuppressions(int64_t after, int page_size, v1::ListSuppressionsResponse& response) {
  SQLite::Statement& list = connection_.Prepare(kListSuppressions);
  list.bind(1, after);
  list.bind(2, page_size + 1);
  int64_t last = 0;
  bool more = false;
  while (list.executeStep()) {
    more = response.suppressions_size() == page_size;
    if (more) continue;
    last = list.getColumn(0).getInt64();
    ReadSuppression(list, *response.add_suppressions());
  }
  return more ? last : 0;
}

bool ComplianceStore::RecordConsent(const v1::Consent& consent) {
  SQLite::Statement& record = connection_.Prepare(kRecordConsent);
  record.bindNoCopy(1, consent.customer_id());
  record.bind(2, static_cast<int>(consent.channel()));
  record.bind(3, consent.granted() ? 1 : 0);
  record.bind(4, absl::ToUnixMicros(FromTimestamp(consent.event_time())));
  record.bindNoCopy(5, consent.source());
  return record.exec() > 0;
}

void ComplianceStore::FindConsentedChannels(const std::string& customer_id, v1::ConsentedChannels& channels) {
  SQLite::Statement& find = connection_.Prepare(kFindConsentedChannels);
  find.bindNoCopy(1, customer_id);
  while (find.executeStep()) channels.add_channels(static_cast<v1::Channel>(find.getColumn(0).getInt()));
}

}  // namespace campaign::compliance
