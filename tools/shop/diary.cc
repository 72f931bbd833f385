#include "tools/shop/diary.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "tools/shop/catalog.h"

namespace campaign::shop {

v1::Event& Diary::Add(absl::Time time) {
  v1::Event& event = events_.emplace_back();
  event.set_event_id(absl::StrCat(customer_id_, "-e", events_.size()));
  event.set_customer_id(customer_id_);
  *event.mutable_event_time() = ToTimestamp(time);
  return event;
}

v1::Purchase& Diary::Buy(absl::Time time) {
  v1::Purchase& purchase = *Add(time).mutable_purchase();
  purchase.set_order_id(absl::StrCat(customer_id_, "-o", ++order_count_));
  return purchase;
}

void Diary::AddLine(v1::Purchase& purchase, absl::string_view product_id, absl::string_view category, int quantity,
                    int64_t amount_minor) {
  v1::PurchaseLine& line = *purchase.add_lines();
  line.set_product_id(std::string(product_id));
  line.set_category(std::string(category));
  line.set_quantity(quantity);
  line.set_amount_minor(amount_minor);
  purchase.set_amount_minor(purchase.amount_minor() + amount_minor);
}

void Diary::BuyProduct(absl::Time time, absl::string_view product_id) {
  int category = 0;
  const Product& product = FindProduct(product_id, category);
  AddLine(Buy(time), product_id, Categories()[category].name, 1, product.price_minor);
}

void Diary::View(absl::Time time, absl::string_view product_id, absl::string_view category) {
  v1::PageView& view = *Add(time).mutable_page_view();
  view.set_product_id(std::string(product_id));
  view.set_category(std::string(category));
}

void Diary::ViewProduct(absl::Time time, absl::string_view product_id) {
  int category = 0;
  FindProduct(product_id, category);
  View(time, product_id, Categories()[category].name);
}

void Diary::Say(absl::Time time, v1::TextSource source, absl::string_view text) {
  v1::CustomerWords& words = *Add(time).mutable_words();
  words.set_source(source);
  words.set_text(std::string(text));
}

void Diary::Interact(absl::Time time, absl::string_view feature, v1::InteractionKind kind) {
  v1::Interaction& interaction = *Add(time).mutable_interaction();
  interaction.set_feature(std::string(feature));
  interaction.set_kind(kind);
}

std::string Diary::OpenTicket(absl::Time time, absl::string_view topic, absl::string_view text, bool sensitive) {
  v1::Ticket& ticket = *Add(time).mutable_ticket();
  ticket.set_ticket_id(absl::StrCat(customer_id_, "-t", ++ticket_count_));
  ticket.set_status(v1::TICKET_STATUS_OPENED);
  ticket.set_topic(std::string(topic));
  ticket.set_text(std::string(text));
  ticket.set_sensitive(sensitive);
  return ticket.ticket_id();
}

void Diary::CloseTicket(absl::Time time, absl::string_view ticket_id, absl::string_view topic) {
  v1::Ticket& ticket = *Add(time).mutable_ticket();
  ticket.set_ticket_id(std::string(ticket_id));
  ticket.set_status(v1::TICKET_STATUS_CLOSED);
  ticket.set_topic(std::string(topic));
}

void Diary::Receive(absl::Time time, absl::string_view customer_run_id, absl::string_view campaign,
                    v1::Channel channel) {
  v1::MessageSent& sent = *Add(time).mutable_message_sent();
  sent.set_customer_run_id(std::string(customer_run_id));
  sent.set_campaign(std::string(campaign));
  sent.set_action_id(std::string(campaign));
  sent.set_channel(channel);
}

void Diary::Respond(absl::Time time, absl::string_view customer_run_id, v1::ResponseKind kind) {
  v1::MessageResponse& response = *Add(time).mutable_message_response();
  response.set_customer_run_id(std::string(customer_run_id));
  response.set_kind(kind);
}

std::vector<v1::Event> Diary::TakeSorted() {
  std::stable_sort(events_.begin(), events_.end(), [](const v1::Event& a, const v1::Event& b) {
    return FromTimestamp(a.event_time()) < FromTimestamp(b.event_time());
  });
  return std::exchange(events_, {});
}

}  // namespace campaign::shop
