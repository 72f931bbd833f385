// What earlier releases left in a database, and what comes of it.

#include <memory>
#include <string>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"
#include "absl/strings/str_cat.h"
#include "common/testing/testing.h"
#include "services/compliance/compliance_store.h"
#include "services/compliance/consent_store.h"
#include "services/compliance/suppression_store.h"

namespace campaign::compliance {
namespace {

using ::campaign::testing::IsOk;
using ::campaign::testing::TempDir;
using ::testing::ElementsAre;

// The tables of the first release, with two customers in each.
constexpr char kFirstRelease[] = R"sql(
CREATE TABLE suppression (
  suppression_id INTEGER PRIMARY KEY, target_kind INTEGER NOT NULL, target TEXT NOT NULL, channel INTEGER NOT NULL,
  reason TEXT NOT NULL, source TEXT NOT NULL, create_time INTEGER NOT NULL, UNIQUE (target, target_kind, channel));
CREATE TABLE consent (
  customer_id TEXT NOT NULL, channel INTEGER NOT NULL, granted INTEGER NOT NULL, event_time INTEGER NOT NULL,
  source TEXT NOT NULL, UNIQUE (customer_id, channel));
INSERT INTO suppression VALUES (5, 0, 'ann', 0, 'legal', 'care', 1000000), (7, 1, '+490151234567', 2, 'bounce', '', 2000000);
INSERT INTO consent VALUES ('ann', 1, 1, 3000000, 'checkout'), ('ann', 2, 0, 4000000, 'app');
)sql";

std::vector<std::string> Suppressions(Database& database) {
  SuppressionFilter filter;
  v1::ListSuppressionsResponse response;
  EXPECT_OK(database.Read([&](Connection& connection) {
    SuppressionStore(connection, filter).List(0, 100, response);
    return absl::OkStatus();
  }));
  std::vector<std::string> list;
  for (const v1::Suppression& entry : response.suppressions()) {
    list.push_back(absl::StrCat(entry.customer_id(), entry.address(), " ", static_cast<int>(entry.channel()), " ",
                                entry.reason(), " ", entry.source(), " ", entry.create_time().seconds()));
  }
  return list;
}

std::vector<std::string> Consents(Database& database) {
  std::vector<ConsentRecord> records;
  EXPECT_OK(database.Read([&](Connection& connection) {
    ConsentStore(connection).FindAll("ann", records);
    return absl::OkStatus();
  }));
  std::vector<std::string> list;
  for (const ConsentRecord& record : records) {
    list.push_back(absl::StrCat(static_cast<int>(record.channel), record.granted ? " granted " : " withdrawn ",
                                absl::ToUnixSeconds(record.event_time), " ", v1::LegalBasis_Name(record.legal_basis),
                                " ", record.purpose));
    EXPECT_EQ(record.withdraw_time, record.granted ? absl::InfinitePast() : record.event_time);
    EXPECT_EQ(record.expire_time, absl::InfiniteFuture());
  }
  return list;
}

TEST(StoresUpgrade, KeepWhatTheFirstReleaseKnewAndOpenAgain) {
  const TempDir dir;
  {
    SQLite::Database first(dir.File("compliance.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    first.exec(kFirstRelease);
  }
  for (int open = 0; open < 2; ++open) {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Database> database, ComplianceStore::Open(dir.File("compliance.db")));
    EXPECT_THAT(Suppressions(*database), ElementsAre("ann 0 legal care 1", "+49151234567 2 bounce  2"));
    EXPECT_THAT(Consents(*database),
                ElementsAre("1 granted 3 LEGAL_BASIS_EXPRESS_CONSENT ", "2 withdrawn 4 LEGAL_BASIS_EXPRESS_CONSENT "));
  }
}

TEST(ConsentStore, KeepsTheWithdrawalBesideAConsentThatEnds) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Database> database, ComplianceStore::Open(dir.File("compliance.db")));
  const auto record = [&](bool granted, int time, absl::string_view more) {
    bool changed = false;
    EXPECT_OK(database->Write([&](Connection& connection) {
      changed = ConsentStore(connection)
                    .Record(testing::ParseProto<v1::Consent>(
                        absl::StrCat("customer_id: 'ann' channel: CHANNEL_SMS granted: ", granted ? "true" : "false",
                                     " event_time { seconds: ", time, " } ", more)));
      return absl::OkStatus();
    }));
    return changed;
  };
  const auto known = [&] {
    std::vector<ConsentRecord> records;
    EXPECT_OK(database->Read([&](Connection& connection) {
      ConsentStore(connection).Find("ann", v1::CHANNEL_SMS, records);
      return absl::OkStatus();
    }));
    std::string text;
    for (const ConsentRecord& r : records) {
      absl::StrAppend(&text, r.purpose, r.granted ? "+" : "-", absl::ToUnixSeconds(r.event_time),
                      r.withdraw_time == absl::InfinitePast()
                          ? ""
                          : absl::StrCat(" withdrawn ", absl::ToUnixSeconds(r.withdraw_time)),
                      ";");
    }
    return text;
  };
  EXPECT_TRUE(record(false, 10, ""));
  EXPECT_TRUE(record(true, 20, "expire_time { seconds: 30 }"));
  EXPECT_EQ(known(), "+20 withdrawn 10;");
  EXPECT_FALSE(record(false, 15, "")) << "it comes late";
  EXPECT_EQ(known(), "+20 withdrawn 15;");
  EXPECT_TRUE(record(true, 25, "legal_basis: LEGAL_BASIS_IMPLIED_CONSENT"));
  EXPECT_EQ(known(), "+25 withdrawn 15;");
  EXPECT_TRUE(record(true, 26, ""));
  EXPECT_EQ(known(), "+26;") << "express and without an end makes up for it";
  EXPECT_FALSE(record(false, 16, ""));
  EXPECT_EQ(known(), "+26;");
  EXPECT_TRUE(record(false, 26, "")) << "at the same time";
  EXPECT_EQ(known(), "-26 withdrawn 26;");
  EXPECT_TRUE(record(true, 5, "purpose: 'offers'")) << "each purpose for itself";
  EXPECT_EQ(known(), "-26 withdrawn 26;offers+5;");
}

}  // namespace
}  // namespace campaign::compliance
