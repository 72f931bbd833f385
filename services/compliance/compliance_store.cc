#include "services/compliance/compliance_store.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/compliance/consent_store.h"
#include "services/compliance/reply_store.h"
#include "services/compliance/suppression_store.h"

namespace campaign::compliance {
namespace {

// Times are microseconds since 1970. state: 0 reserved, 1 committed.
constexpr char kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS campaign (
  campaign_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS brand (
  brand_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS contact (
  contact_id INTEGER PRIMARY KEY,
  customer_run_id TEXT NOT NULL UNIQUE,
  customer_id TEXT NOT NULL,
  campaign_id INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  message_class INTEGER NOT NULL,
  state INTEGER NOT NULL,
  time INTEGER NOT NULL,
  brand_id INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS contact_by_customer ON contact (customer_id);
)sql";

// What later releases added to tables that were there before.
struct AddedColumn {
  const char* table;
  const char* name;
  const char* statement;
};
constexpr AddedColumn kAddedColumns[] = {
    {"contact", "brand_id", "ALTER TABLE contact ADD COLUMN brand_id INTEGER NOT NULL DEFAULT 0"},
};
constexpr char kHasColumn[] = "SELECT 1 FROM pragma_table_info($1) WHERE name = $2";

constexpr char kFindCampaign[] = "SELECT campaign_id FROM campaign WHERE name = $1";
constexpr char kAddCampaign[] = "INSERT INTO campaign (name) VALUES ($1) RETURNING campaign_id";
constexpr char kFindBrand[] = "SELECT brand_id FROM brand WHERE name = $1";
constexpr char kAddBrand[] = "INSERT INTO brand (name) VALUES ($1) RETURNING brand_id";

constexpr char kFindContacts[] =
    "SELECT campaign_id, channel, message_class, time, brand_id FROM contact "
    "WHERE customer_id = $1 AND time > $2 AND customer_run_id <> $3 LIMIT $4";
constexpr char kReserve[] =
    "INSERT INTO contact (customer_run_id, customer_id, campaign_id, channel, message_class, state, time, "
    "brand_id) VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT (customer_run_id) DO UPDATE SET "
    "customer_id = excluded.customer_id, campaign_id = excluded.campaign_id, channel = excluded.channel, "
    "message_class = excluded.message_class, time = excluded.time, brand_id = excluded.brand_id "
    "WHERE contact.state = 0";
constexpr char kRelease[] = "DELETE FROM contact WHERE customer_run_id = $1 AND state = 0";
constexpr char kCommit[] = "UPDATE contact SET state = 1, time = $1 WHERE customer_run_id = $2 AND state = 0";
// Contacts are numbered in about the order of their times, so the oldest are found without an index on time.
constexpr char kPrune[] =
    "DELETE FROM contact WHERE time < $1 AND contact_id IN "
    "(SELECT contact_id FROM contact ORDER BY contact_id LIMIT 2000)";

// The number that the statement gives for a name, 0 where it gives none.
int64_t FindId(SQLite::Statement& find, const std::string& name) {
  find.bindNoCopy(1, name);
  int64_t id = 0;
  while (find.executeStep()) id = find.getColumn(0).getInt64();
  return id;
}

// PostgreSQL says ADD COLUMN IF NOT EXISTS; SQLite has to be asked first.
absl::Status AddColumns(Connection& connection) {
  SQLite::Database& database = connection.database();
  for (const AddedColumn& column : kAddedColumns) {
    SQLite::Statement has(database, kHasColumn);
    has.bind(1, column.table);
    has.bind(2, column.name);
    if (!has.executeStep()) database.exec(column.statement);
  }
  return absl::OkStatus();
}

// Brings what an older release left into today's form.
absl::Status UpgradeTables(Connection& connection) {
  RETURN_IF_ERROR(AddColumns(connection));
  // Filled when the service starts, from what then stands.
  SuppressionFilter filter;
  SuppressionStore(connection, filter).Upgrade();
  ConsentStore(connection).Upgrade();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> ComplianceStore::Open(const std::string& path) {
  const std::string schema =
      absl::StrCat(kSchema, SuppressionStore::kSchema, ConsentStore::kSchema, ReplyStore::kSchema);
  ASSIGN_OR_RETURN(auto database, Database::Open(path, schema.c_str()));
  RETURN_IF_ERROR(database->Write(UpgradeTables));
  return database;
}

int64_t ComplianceStore::FindCampaign(const std::string& campaign) {
  return FindId(connection_.Prepare(kFindCampaign), campaign);
}

int64_t ComplianceStore::FindOrAddCampaign(const std::string& campaign) {
  if (const int64_t id = FindCampaign(campaign); id != 0) return id;
  return FindId(connection_.Prepare(kAddCampaign), campaign);
}

int64_t ComplianceStore::FindBrand(const std::string& brand) {
  if (brand.empty()) return kNoBrand;
  const int64_t id = FindId(connection_.Prepare(kFindBrand), brand);
  return id == 0 ? kUnknownBrand : id;
}

int64_t ComplianceStore::FindOrAddBrand(const std::string& brand) {
  if (const int64_t id = FindBrand(brand); id != kUnknownBrand) return id;
  return FindId(connection_.Prepare(kAddBrand), brand);
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
                        .time = absl::FromUnixMicros(find.getColumn(3).getInt64()),
                        .brand_id = find.getColumn(4).getInt64()});
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
  reserve.bind(7, contact.brand_id);
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

}  // namespace campaign::compliance
