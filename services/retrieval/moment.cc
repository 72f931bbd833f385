#include "services/retrieval/moment.h"

#include "common/clock.h"
#include "common/status.h"
#include "services/retrieval/history.h"

namespace campaign::retrieval {

absl::StatusOr<Moment> Moment::Asked(const google::protobuf::Timestamp& as_of, absl::Time now) {
  RETURN_IF_ERROR(CheckTime("as_of", as_of, now));
  return Moment(FromTimestamp(as_of), /*asked=*/true);
}

void Moment::ReadHistory(Connection& connection, const CustomerRow& row, History& history) const {
  if (!asked_) {
    history.ParseFromArray(row.history.data(), static_cast<int>(row.history.size()));
    return;
  }
  history.Clear();
  v1::Event event;
  RetrievalStore::ForEachEvent(connection, row.row_id, time_, [&](absl::string_view bytes) {
    event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    ApplyEvent(event, history);
  });
}

void Moment::ReadCustomer(const CustomerRow& row, v1::Customer& customer) const {
  customer.ParseFromArray(row.customer.data(), static_cast<int>(row.customer.size()));
  if (asked_ && FromTimestamp(customer.signup_time()) > time_) customer.clear_signup_time();
}

}  // namespace campaign::retrieval
