#include "services/retrieval/importer.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "common/status.h"
#include "services/retrieval/retrieval_store.h"
#include "services/retrieval/rfm.h"

namespace campaign::retrieval {
namespace {

constexpr int64_t kMaxTimestampSeconds = 253'402'300'799;  // The end of the year 9999.
constexpr int64_t kMinTimestampSeconds = -62'135'596'800;  // The start of the year 1.
constexpr int32_t kMaxNanos = 999'999'999;

absl::Status CheckCode(absl::string_view field, absl::string_view code, size_t length) {
  if (code.empty()) return absl::OkStatus();
  if (code.size() == length && std::all_of(code.begin(), code.end(), absl::ascii_isupper)) return absl::OkStatus();
  return InvalidField(field, code, absl::StrCat("is not of ", length, " capital letters"));
}

absl::Status CheckContactPoints(const v1::Customer& customer) {
  unsigned seen = 0;
  for (int i = 0; i < customer.contact_points_size(); ++i) {
    const v1::Channel channel = customer.contact_points(i).channel();
    const std::string path = absl::StrCat("contact_points[", i, "].channel");
    if (channel == v1::CHANNEL_UNSPECIFIED) return InvalidField(path, "unspecified", "is required");
    if ((seen & (1u << channel)) != 0) return InvalidField(path, v1::Channel_Name(channel), "is given twice");
    seen |= 1u << channel;
  }
  return absl::OkStatus();
}

absl::Status CheckCustomer(const v1::Customer& customer) {
  RETURN_IF_ERROR(CheckCode("country", customer.country(), 2));
  RETURN_IF_ERROR(CheckCode("currency_code", customer.currency_code(), 3));
  RETURN_IF_ERROR(CheckContactPoints(customer));
  const google::protobuf::Timestamp& signup = customer.signup_time();
  if (signup.seconds() < kMinTimestampSeconds || signup.seconds() > kMaxTimestampSeconds) {
    return InvalidField("signup_time.seconds", signup.seconds(), "is not within the years 1 to 9999");
  }
  if (signup.nanos() < 0 || signup.nanos() > kMaxNanos) {
    return InvalidField("signup_time.nanos", signup.nanos(), "is not within 0 to 999999999");
  }
  return absl::OkStatus();
}

// What is stored of a customer already.
struct Stored {
  int64_t row_id = 0;
  bool same = false;
  std::string currency_code;
  std::string history;
};

// Amounts of another currency are another number of major units: the customer changes buckets.
void MoveCurrency(const Stored& stored, const v1::Customer& customer, RfmCounts& changes) {
  if (stored.currency_code == customer.currency_code()) return;
  History history;
  history.ParseFromString(stored.history);
  CountCustomer(history, stored.currency_code, -1, changes);
  CountCustomer(history, customer.currency_code(), +1, changes);
}

}  // namespace

absl::Status CheckCustomers(const v1::ImportCustomersRequest& request) {
  for (int i = 0; i < request.customers_size(); ++i) {
    const absl::Status status = CheckCustomer(request.customers(i));
    if (!status.ok()) return WithFieldPrefix(absl::StrCat("customers[", i, "]"), status);
  }
  return absl::OkStatus();
}

void ImportCustomers(Connection& connection, const v1::ImportCustomersRequest& request,
                     v1::ImportCustomersResponse& response) {
  RfmCounts changes;
  std::string serialized;
  for (const v1::Customer& customer : request.customers()) {
    customer.SerializeToString(&serialized);
    Stored stored;
    const bool found = RetrievalStore::FindCustomer(connection, customer.customer_id(), [&](const CustomerRow& row) {
      stored.row_id = row.row_id;
      stored.same = row.customer == serialized;
      if (stored.same) return;
      stored.currency_code = std::string(row.currency_code);
      stored.history = std::string(row.history);
    });
    if (!found) {
      RetrievalStore::InsertCustomer(connection, customer, serialized);
      response.set_created_count(response.created_count() + 1);
    } else if (!stored.same) {
      MoveCurrency(stored, customer, changes);
      RetrievalStore::UpdateCustomer(connection, stored.row_id, customer, serialized);
      response.set_updated_count(response.updated_count() + 1);
    }
  }
  RetrievalStore::AddToHistogram(connection, changes);
}

}  // namespace campaign::retrieval
