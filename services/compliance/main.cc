#include <string>

#include "absl/flags/flag.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/process.h"
#include "common/status.h"
#include "services/compliance/compliance_service.h"
#include "services/compliance/compliance_store.h"

ABSL_FLAG(std::string, database, "", "path of the SQLite file, made if it is missing; required");
ABSL_FLAG(std::string, jurisdictions, "", "table that says where which consent is needed; required");
ABSL_FLAG(std::string, stop_words, "",
          "replies that stop messages, besides STOP, UNSUBSCRIBE, CANCEL, END and QUIT, separated by commas");
ABSL_FLAG(std::string, start_words, "START,UNSTOP,YES", "replies that take a STOP back, separated by commas");

namespace {

using namespace campaign::compliance;

absl::StatusOr<ReplyKeywords> Keywords() {
  return ReplyKeywords::Parse(absl::GetFlag(FLAGS_stop_words), absl::GetFlag(FLAGS_start_words));
}

absl::Status Check() {
  RETURN_IF_ERROR(Keywords().status());
  return Jurisdictions::ReadFromFile(absl::GetFlag(FLAGS_jurisdictions)).status();
}

absl::Status Run() {
  ASSIGN_OR_RETURN(const Jurisdictions jurisdictions, Jurisdictions::ReadFromFile(absl::GetFlag(FLAGS_jurisdictions)));
  ASSIGN_OR_RETURN(const ReplyKeywords reply_keywords, Keywords());
  ASSIGN_OR_RETURN(const auto database, ComplianceStore::Open(absl::GetFlag(FLAGS_database)));
  const ZoneDatabase zones(ZoneDatabase::SystemDirectory());
  if (!zones.available()) LOG(WARNING) << "no time zone table: messages under quiet hours will be blocked";
  const campaign::SystemClock clock;
  ComplianceService service(*database, zones, jurisdictions, reply_keywords, clock);
  return campaign::Serve("compliance", {&service});
}

}  // namespace

int main(int argc, char** argv) {
  return campaign::RunProcess(argc, argv,
                              {.name = "compliance",
                               .purpose = "says whether a message may go out",
                               .required = {"database", "jurisdictions"},
                               .check = Check,
                               .run = Run});
}
