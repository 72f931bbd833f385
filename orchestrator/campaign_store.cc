#include "orchestrator/campaign_store.h"

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"

namespace campaign::orchestrator {
namespace {

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS campaign_version (
  name TEXT NOT NULL, version TEXT NOT NULL, data BLOB NOT NULL, apply_time INTEGER NOT NULL, UNIQUE (name, version));
CREATE TABLE IF NOT EXISTS campaign_head (name TEXT NOT NULL UNIQUE, version TEXT NOT NULL);
)";

v1::CampaignVersion ReadVersion(SQLite::Statement& statement) {
  v1::CampaignVersion version;
  version.set_version(statement.getColumn(0).getString());
  const SQLite::Column data = statement.getColumn(1);
  version.mutable_campaign()->ParseFromArray(data.getBlob(), data.getBytes());
  *version.mutable_apply_time() = ToTimestamp(absl::FromUnixMicros(statement.getColumn(2).getInt64()));
  return version;
}

// The version asked for, or the newest; empty where there is no such campaign.
std::string HeadOf(Connection& connection, const std::string& name) {
  SQLite::Statement& select = connection.Prepare("SELECT version FROM campaign_head WHERE name = $1");
  select.bind(1, name);
  return select.executeStep() ? select.getColumn(0).getString() : "";
}

}  // namespace

const char* CampaignStore::Schema() { return kSchema; }

bool CampaignStore::Put(Connection& connection, const CampaignPlan& plan, absl::Time now) {
  const std::string& name = plan.campaign.name();
  if (HeadOf(connection, name) == plan.version) return false;
  SQLite::Statement& insert = connection.Prepare(
      "INSERT INTO campaign_version (name, version, data, apply_time) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (name, version) DO NOTHING");
  const std::string data = plan.campaign.SerializeAsString();
  insert.bind(1, name);
  insert.bind(2, plan.version);
  insert.bind(3, data.data(), static_cast<int>(data.size()));
  insert.bind(4, absl::ToUnixMicros(now));
  insert.exec();
  SQLite::Statement& head = connection.Prepare(
      "INSERT INTO campaign_head (name, version) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET version = $2");
  head.bind(1, name);
  head.bind(2, plan.version);
  head.exec();
  return true;
}

absl::StatusOr<v1::CampaignVersion> CampaignStore::Get(Connection& connection, const std::string& name,
                                                       const std::string& version) {
  SQLite::Statement& select =
      connection.Prepare("SELECT version, data, apply_time FROM campaign_version WHERE name = $1 AND version = $2");
  select.bind(1, name);
  select.bind(2, version.empty() ? HeadOf(connection, name) : version);
  if (select.executeStep()) return ReadVersion(select);
  return absl::NotFoundError(version.empty() ? absl::StrCat("campaign '", name, "' has not been applied")
                                             : absl::StrCat("campaign '", name, "' has no version ", version));
}

std::vector<v1::CampaignVersion> CampaignStore::List(Connection& connection, const std::string& after_name,
                                                     int page_size) {
  SQLite::Statement& select = connection.Prepare(
      "SELECT v.version, v.data, v.apply_time FROM campaign_head h JOIN campaign_version v "
      "ON v.name = h.name AND v.version = h.version WHERE h.name > $1 ORDER BY h.name LIMIT $2");
  select.bind(1, after_name);
  select.bind(2, page_size);
  std::vector<v1::CampaignVersion> versions;
  while (select.executeStep()) versions.push_back(ReadVersion(select));
  return versions;
}

absl::StatusOr<std::shared_ptr<const CampaignPlan>> CampaignStore::Plan(Connection& connection, const std::string& name,
                                                                        const std::string& version) {
  const std::string wanted = version.empty() ? HeadOf(connection, name) : version;
  {
    absl::MutexLock lock(&mutex_);
    if (auto it = plans_.find(wanted); it != plans_.end()) return it->second;
  }
  ASSIGN_OR_RETURN(const v1::CampaignVersion stored, Get(connection, name, wanted));
  ASSIGN_OR_RETURN(std::shared_ptr<const CampaignPlan> plan, CompilePlan(stored.campaign()));
  absl::MutexLock lock(&mutex_);
  return plans_.try_emplace(wanted, plan).first->second;
}

}  // namespace campaign::orchestrator
