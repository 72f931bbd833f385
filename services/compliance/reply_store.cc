#include "services/compliance/reply_store.h"

#include "common/clock.h"

namespace campaign::compliance {

// keyword: see ReplyKeyword; 2 is START. reply_time: microseconds since 1970. A reply without a keyword keeps its id
// alone.
const char ReplyStore::kSchema[] = R"sql(
CREATE TABLE IF NOT EXISTS reply (
  reply_id TEXT NOT NULL UNIQUE,
  keyword INTEGER NOT NULL,
  effect INTEGER NOT NULL,
  target_kind INTEGER NOT NULL,
  target TEXT NOT NULL,
  channel INTEGER NOT NULL,
  brand TEXT NOT NULL,
  reply_time INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS reply_start ON reply (target, target_kind, channel) WHERE keyword = 2;
)sql";

namespace {

constexpr char kFindEffect[] = "SELECT effect FROM reply WHERE reply_id = $1";
constexpr char kHasLaterStart[] =
    "SELECT 1 FROM reply WHERE keyword = 2 AND target = $1 AND target_kind = $2 AND channel = $3 AND reply_time > $4 "
    "AND (brand = $5 OR brand = '') LIMIT 1";
constexpr char kAdd[] =
    "INSERT INTO reply (reply_id, keyword, effect, target_kind, target, channel, brand, reply_time) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

}  // namespace

absl::optional<v1::ReplyEffect> ReplyStore::FindEffect(const std::string& reply_id) {
  SQLite::Statement& find = connection_.Prepare(kFindEffect);
  find.bindNoCopy(1, reply_id);
  absl::optional<v1::ReplyEffect> effect;
  while (find.executeStep()) effect = static_cast<v1::ReplyEffect>(find.getColumn(0).getInt());
  return effect;
}

bool ReplyStore::HasLaterStart(const SuppressionTarget& target, v1::Channel channel, const std::string& brand,
                               absl::Time reply_time) {
  SQLite::Statement& find = connection_.Prepare(kHasLaterStart);
  find.bindNoCopy(1, target.key);
  find.bind(2, static_cast<int>(target.kind));
  find.bind(3, static_cast<int>(channel));
  find.bind(4, absl::ToUnixMicros(reply_time));
  find.bindNoCopy(5, brand);
  bool found = false;
  while (find.executeStep()) found = true;
  return found;
}

void ReplyStore::Add(const v1::Reply& reply, ReplyKeyword keyword, const SuppressionTarget& target,
                     v1::ReplyEffect effect) {
  SQLite::Statement& add = connection_.Prepare(kAdd);
  add.bindNoCopy(1, reply.reply_id());
  add.bind(2, static_cast<int>(keyword));
  add.bind(3, static_cast<int>(effect));
  add.bind(4, static_cast<int>(target.kind));
  add.bindNoCopy(5, target.key);
  add.bind(6, static_cast<int>(reply.channel()));
  add.bindNoCopy(7, reply.brand());
  add.bind(8, absl::ToUnixMicros(FromTimestamp(reply.reply_time())));
  add.exec();
}

}  // namespace campaign::compliance
