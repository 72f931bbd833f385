#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/retrieval.pb.h"

namespace campaign::shop {

// Collects one customer's events and numbers them: "<customer>-e<n>", n from 1 in the order of the calls, so the ids
// are stable as long as the calls are.
class Diary {
 public:
  explicit Diary(absl::string_view customer_id) : customer_id_(customer_id) {}

  // An order without lines, for the caller to fill in; its amount is the sum that AddLine has added so far.
  v1::Purchase& Buy(absl::Time time);
  static void AddLine(v1::Purchase& purchase, absl::string_view product_id, absl::string_view category, int quantity,
                      int64_t amount_minor);
  // One piece of a catalogue product at its catalogue price in USD.
  void BuyProduct(absl::Time time, absl::string_view product_id);
  void View(absl::Time time, absl::string_view product_id, absl::string_view category);
  void ViewProduct(absl::Time time, absl::string_view product_id);
  void Say(absl::Time time, v1::TextSource source, absl::string_view text);
  void Interact(absl::Time time, absl::string_view feature, v1::InteractionKind kind);
  // Returns the ticket's id.
  std::string OpenTicket(absl::Time time, absl::string_view topic, absl::string_view text, bool sensitive);
  void CloseTicket(absl::Time time, absl::string_view ticket_id, absl::string_view topic);
  void Receive(absl::Time time, absl::string_view customer_run_id, absl::string_view campaign, v1::Channel channel);
  void Respond(absl::Time time, absl::string_view customer_run_id, v1::ResponseKind kind);

  // The events by time. Ends the diary.
  std::vector<v1::Event> TakeSorted();

 private:
  v1::Event& Add(absl::Time time);

  std::string customer_id_;
  std::vector<v1::Event> events_;
  int order_count_ = 0;
  int ticket_count_ = 0;
};

}  // namespace campaign::shop
