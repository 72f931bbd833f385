#include <string>

#include "absl/flags/flag.h"
#include "common/clock.h"
#include "common/database.h"
#include "common/process.h"
#include "common/status.h"
#include "services/offer/offer_service.h"

ABSL_FLAG(std::string, database, "",
          "path of the SQLite file of reservations and assignments, made if it is missing; required");

static absl::Status Run() {
  using namespace campaign::offer;
  ASSIGN_OR_RETURN(const auto database, campaign::Database::Open(absl::GetFlag(FLAGS_database), OfferSchema().c_str()));
  const campaign::SystemClock clock;
  OfferService service(*database, clock);
  return campaign::Serve("offer", {&service});
}

int main(int argc, char** argv) {
  return campaign::RunProcess(
      argc, argv, {.name = "offer", .purpose = "chooses the next best action", .required = {"database"}, .run = Run});
}
