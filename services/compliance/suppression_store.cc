#include "services/compliance/suppression_store.h"

#include "common/clock.h"

namespace campaign::compliance {

// Times are microseconds since 1970. target_kind: see TargetKind. channel and message_class 0, brand '': all. by_reply:
// 1 where a customer's reply made it, and reply_time is when that was written; else 0 and 0.
const char SuppressionStore::kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS suppression (
  suppression_id INTEGER PRIMARY KEY,
  target_kind INTEGER NOT NULL,
  target TEXT NOT NULL,
  channel INTEGER NOT NULL,
  brand TEXT NOT NULL,
  message_class INTEGER NOT NULL,
  by_reply INTEGER NOT NULL,
  reply_time INTEGER NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (target, target_kind, channel, brand, message_class, by_reply));
)sql";

namespace {

constexpr char kHasBrand[] = "SELECT 1 FROM pragma_table_info('suppression') WHERE name = 'brand'";
// A unique key cannot be changed in place.
constexpr char kSetAside[] = "ALTER TABLE suppression RENAME TO suppression_before_brands";
constexpr char kReadSetAside[] =
    "SELECT target_kind, target, channel, reason, source, create_time FROM suppression_before_brands "
    "ORDER BY suppression_id";
constexpr char kDropSetAside[] = "DROP TABLE suppression_before_brands";

constexpr char kReadTargets[] = "SELECT target_kind, target FROM suppression";

#define CAMPAIGN_SELECT_SUPPRESSION                                                                         \
  "SELECT suppression_id, target_kind, target, channel, brand, message_class, reason, source, create_time " \
  "FROM suppression "
constexpr char kFind[] = CAMPAIGN_SELECT_SUPPRESSION "WHERE target = $1 AND target_kind = $2";
constexpr char kList[] = CAMPAIGN_SELECT_SUPPRESSION "WHERE suppression_id > $1 ORDER BY suppression_id LIMIT $2";
#undef CAMPAIGN_SELECT_SUPPRESSION

// Of an entry that is there already nothing changes, but for how late a customer has asked for it.
constexpr char kInsert[] = R"sql(
INSERT INTO suppression (target_kind, target, channel, brand, message_class, by_reply, reply_time, reason, source,
    create_time)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (target, target_kind, channel, brand, message_class, by_reply)
  DO UPDATE SET reply_time = excluded.reply_time WHERE excluded.reply_time > suppression.reply_time
)sql";
constexpr char kRemove[] =
    "DELETE FROM suppression WHERE target = $1 AND target_kind = $2 AND channel = $3 AND brand = $4 "
    "AND message_class = $5";
constexpr char kRemoveByReply[] =
    "DELETE FROM suppression WHERE target = $1 AND target_kind = $2 AND channel = $3 AND by_reply = 1 "
    "AND reply_time < $4 AND (brand = $5 OR $5 = '')";

void SetTarget(TargetKind kind, std::string key, v1::Suppression& suppression) {
  switch (kind) {
    case TargetKind::kCustomer:
      return suppression.set_customer_id(std::move(key));
    case TargetKind::kAddress:
      return suppression.set_address(std::move(key));
    case TargetKind::kPhoneNumber:
      return suppression.set_phone_number(std::move(key));
    case TargetKind::kDomain:
      return suppression.set_domain(std::move(key));
    case TargetKind::kDevice:
      return suppression.set_device(std::move(key));
  }
}

void ReadSuppression(SQLite::Statement& row, v1::Suppression& suppression) {
  SetTarget(static_cast<TargetKind>(row.getColumn(1).getInt()), row.getColumn(2).getString(), suppression);
  suppression.set_channel(static_cast<v1::Channel>(row.getColumn(3).getInt()));
  suppression.set_brand(row.getColumn(4).getText());
  suppression.set_message_class(static_cast<v1::MessageClass>(row.getColumn(5).getInt()));
  suppression.set_reason(row.getColumn(6).getText());
  suppression.set_source(row.getColumn(7).getText());
  *suppression.mutable_create_time() = ToTimestamp(absl::FromUnixMicros(row.getColumn(8).getInt64()));
}

}  // namespace

void SuppressionStore::Upgrade() {
  SQLite::Database& database = connection_.database();
  if (SQLite::Statement(database, kHasBrand).executeStep()) return;
  database.exec(kSetAside);
  database.exec(kSchema);
  SQLite::Statement rows(database, kReadSetAside);
  while (rows.executeStep()) {
    v1::Suppression suppression;
    SuppressionTarget target{static_cast<TargetKind>(rows.getColumn(0).getInt()), rows.getColumn(1).getString()};
    // Telephone numbers among them were kept without punctuation, but not as E.164.
    if (target.kind == TargetKind::kAddress) target.key = AddressKey(target.key);
    suppression.set_channel(static_cast<v1::Channel>(rows.getColumn(2).getInt()));
    suppression.set_reason(rows.getColumn(3).getText());
    suppression.set_source(rows.getColumn(4).getText());
    Add(suppression, target, absl::FromUnixMicros(rows.getColumn(5).getInt64()));
  }
  rows.reset();
  database.exec(kDropSetAside);
}

void SuppressionStore::FillFilter() {
  SQLite::Statement& rows = connection_.Prepare(kReadTargets);
  while (rows.executeStep()) {
    const SQLite::Column target = rows.getColumn(1);
    filter_.Add(static_cast<TargetKind>(rows.getColumn(0).getInt()),
                {target.getText(), static_cast<size_t>(target.getBytes())});
  }
  filter_.SetLoaded();
}

void SuppressionStore::Find(TargetKind kind, absl::string_view key, std::vector<v1::Suppression>& entries) {
  if (!filter_.MayHold(kind, key)) return;
  SQLite::Statement& find = connection_.Prepare(kFind);
  find.bind(1, std::string(key));
  find.bind(2, static_cast<int>(kind));
  while (find.executeStep()) ReadSuppression(find, entries.emplace_back());
}

bool SuppressionStore::Insert(const v1::Suppression& suppression, const SuppressionTarget& target,
                              absl::optional<absl::Time> reply_time, absl::Time now) {
  // Before it is committed: from then on a check may have to find it.
  filter_.Add(target.kind, target.key);
  SQLite::Statement& insert = connection_.Prepare(kInsert);
  insert.bind(1, static_cast<int>(target.kind));
  insert.bindNoCopy(2, target.key);
  insert.bind(3, static_cast<int>(suppression.channel()));
  insert.bindNoCopy(4, suppression.brand());
  insert.bind(5, static_cast<int>(suppression.message_class()));
  insert.bind(6, reply_time.has_value() ? 1 : 0);
  insert.bind(7, reply_time.has_value() ? absl::ToUnixMicros(*reply_time) : int64_t{0});
  insert.bindNoCopy(8, suppression.reason());
  insert.bindNoCopy(9, suppression.source());
  insert.bind(10, absl::ToUnixMicros(now));
  return insert.exec() > 0;
}

bool SuppressionStore::Add(const v1::Suppression& suppression, const SuppressionTarget& target, absl::Time now) {
  return Insert(suppression, target, absl::nullopt, now);
}

void SuppressionStore::AddByReply(const v1::Suppression& suppression, const SuppressionTarget& target,
                                  absl::Time reply_time, absl::Time now) {
  Insert(suppression, target, reply_time, now);
}

bool SuppressionStore::Remove(const v1::Suppression& suppression, const SuppressionTarget& target) {
  SQLite::Statement& remove = connection_.Prepare(kRemove);
  remove.bindNoCopy(1, target.key);
  remove.bind(2, static_cast<int>(target.kind));
  remove.bind(3, static_cast<int>(suppression.channel()));
  remove.bindNoCopy(4, suppression.brand());
  remove.bind(5, static_cast<int>(suppression.message_class()));
  return remove.exec() > 0;
}

bool SuppressionStore::RemoveByReply(const SuppressionTarget& target, v1::Channel channel, const std::string& brand,
                                     absl::Time reply_time) {
  SQLite::Statement& remove = connection_.Prepare(kRemoveByReply);
  remove.bindNoCopy(1, target.key);
  remove.bind(2, static_cast<int>(target.kind));
  remove.bind(3, static_cast<int>(channel));
  remove.bind(4, absl::ToUnixMicros(reply_time));
  remove.bindNoCopy(5, brand);
  return remove.exec() > 0;
}

int64_t SuppressionStore::List(int64_t after, int page_size, v1::ListSuppressionsResponse& response) {
  SQLite::Statement& list = connection_.Prepare(kList);
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

}  // namespace campaign::compliance
