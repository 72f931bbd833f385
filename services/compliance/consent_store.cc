#include "services/compliance/consent_store.h"

#include "common/clock.h"

namespace campaign::compliance {

// Times are microseconds since 1970, NULL for never.
const char ConsentStore::kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS consent (
  customer_id TEXT NOT NULL,
  channel INTEGER NOT NULL,
  purpose TEXT NOT NULL,
  granted INTEGER NOT NULL,
  legal_basis INTEGER NOT NULL,
  event_time INTEGER NOT NULL,
  expire_time INTEGER,
  withdraw_time INTEGER,
  source TEXT NOT NULL,
  proof TEXT NOT NULL,
  UNIQUE (customer_id, channel, purpose));
)sql";

namespace {

constexpr char kHasPurpose[] = "SELECT 1 FROM pragma_table_info('consent') WHERE name = 'purpose'";
// A unique key cannot be changed in place.
constexpr char kSetAside[] = "ALTER TABLE consent RENAME TO consent_before_purposes";
constexpr char kTakeOver[] = R"sql(
INSERT INTO consent (customer_id, channel, purpose, granted, legal_basis, event_time, withdraw_time, source, proof)
  SELECT customer_id, channel, '', granted, 1, event_time, CASE WHEN granted = 0 THEN event_time END, source, ''
  FROM consent_before_purposes;
DROP TABLE consent_before_purposes;
)sql";

#define CAMPAIGN_SELECT_CONSENT \
  "SELECT channel, purpose, granted, legal_basis, event_time, expire_time, withdraw_time FROM consent "
constexpr char kFind[] = CAMPAIGN_SELECT_CONSENT "WHERE customer_id = $1 AND channel = $2";
constexpr char kFindAll[] = CAMPAIGN_SELECT_CONSENT "WHERE customer_id = $1 ORDER BY channel";
#undef CAMPAIGN_SELECT_CONSENT

// legal_basis 1 is express. An express consent without an end makes up for every withdrawal before it; one that ends
// does so until then, and the withdrawal has to be known after that.
constexpr char kRecord[] = R"sql(
INSERT INTO consent (customer_id, channel, purpose, granted, legal_basis, event_time, expire_time, withdraw_time, source,
    proof)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (customer_id, channel, purpose) DO UPDATE SET
    granted = excluded.granted, legal_basis = excluded.legal_basis, event_time = excluded.event_time,
    expire_time = excluded.expire_time, source = excluded.source, proof = excluded.proof,
    withdraw_time = CASE
      WHEN excluded.granted = 1 AND excluded.legal_basis = 1 AND excluded.expire_time IS NULL THEN NULL
      ELSE COALESCE(excluded.withdraw_time, consent.withdraw_time) END
  WHERE excluded.event_time > consent.event_time
    OR (excluded.event_time = consent.event_time AND excluded.granted < consent.granted)
)sql";
constexpr char kRecordLateWithdrawal[] = R"sql(
UPDATE consent SET withdraw_time = $1
  WHERE (withdraw_time IS NULL OR withdraw_time < $1) AND customer_id = $2 AND channel = $3 AND purpose = $4
    AND NOT (granted = 1 AND legal_basis = 1 AND expire_time IS NULL)
)sql";

absl::Time TimeOr(const SQLite::Column& column, absl::Time never) {
  return column.isNull() ? never : absl::FromUnixMicros(column.getInt64());
}

void ReadRecords(SQLite::Statement& rows, std::vector<ConsentRecord>& records) {
  records.clear();
  while (rows.executeStep()) {
    ConsentRecord& record = records.emplace_back();
    record.channel = static_cast<v1::Channel>(rows.getColumn(0).getInt());
    const SQLite::Column purpose = rows.getColumn(1);
    record.purpose.assign(purpose.getText(), purpose.getBytes());
    record.granted = rows.getColumn(2).getInt() != 0;
    record.legal_basis = static_cast<v1::LegalBasis>(rows.getColumn(3).getInt());
    record.event_time = absl::FromUnixMicros(rows.getColumn(4).getInt64());
    record.expire_time = TimeOr(rows.getColumn(5), absl::InfiniteFuture());
    record.withdraw_time = TimeOr(rows.getColumn(6), absl::InfinitePast());
  }
}

}  // namespace

void ConsentStore::Upgrade() {
  SQLite::Database& database = connection_.database();
  if (SQLite::Statement(database, kHasPurpose).executeStep()) return;
  database.exec(kSetAside);
  database.exec(kSchema);
  database.exec(kTakeOver);
}

void ConsentStore::Find(const std::string& customer_id, v1::Channel channel, std::vector<ConsentRecord>& records) {
  SQLite::Statement& find = connection_.Prepare(kFind);
  find.bindNoCopy(1, customer_id);
  find.bind(2, static_cast<int>(channel));
  ReadRecords(find, records);
}

void ConsentStore::FindAll(const std::string& customer_id, std::vector<ConsentRecord>& records) {
  SQLite::Statement& find = connection_.Prepare(kFindAll);
  find.bindNoCopy(1, customer_id);
  ReadRecords(find, records);
}

bool ConsentStore::Record(const v1::Consent& consent) {
  const int64_t event_time = absl::ToUnixMicros(FromTimestamp(consent.event_time()));
  SQLite::Statement& record = connection_.Prepare(kRecord);
  record.bindNoCopy(1, consent.customer_id());
  record.bind(2, static_cast<int>(consent.channel()));
  record.bindNoCopy(3, consent.purpose());
  record.bind(4, consent.granted() ? 1 : 0);
  const bool unset = consent.legal_basis() == v1::LEGAL_BASIS_UNSPECIFIED;
  record.bind(5, static_cast<int>(unset ? v1::LEGAL_BASIS_EXPRESS_CONSENT : consent.legal_basis()));
  record.bind(6, event_time);
  if (consent.has_expire_time()) record.bind(7, absl::ToUnixMicros(FromTimestamp(consent.expire_time())));
  if (!consent.granted()) record.bind(8, event_time);
  record.bindNoCopy(9, consent.source());
  record.bindNoCopy(10, consent.proof());
  if (record.exec() > 0) return true;
  if (consent.granted()) return false;
  SQLite::Statement& late = connection_.Prepare(kRecordLateWithdrawal);
  late.bind(1, event_time);
  late.bindNoCopy(2, consent.customer_id());
  late.bind(3, static_cast<int>(consent.channel()));
  late.bindNoCopy(4, consent.purpose());
  late.exec();
  return false;
}

}  // namespace campaign::compliance
