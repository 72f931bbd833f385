#include "services/retrieval/history.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/inlined_vector.h"

namespace campaign::retrieval {
namespace {

// The element that `is_wanted`, or null.
template <class Field, class Predicate>
auto* FindIn(Field& elements, Predicate is_wanted) {
  const auto found = std::find_if(elements.begin(), elements.end(), is_wanted);
  return found == elements.end() ? nullptr : &*found;
}

// Drops the elements with the smallest rank until `max` are left. The order of the others may change.
template <class Element, class Rank>
void KeepHighest(int max, Rank rank, google::protobuf::RepeatedPtrField<Element>& elements) {
  while (elements.size() > max) {
    const auto least = std::min_element(elements.begin(), elements.end(),
                                        [&](const Element& a, const Element& b) { return rank(a) < rank(b); });
    elements.SwapElements(static_cast<int>(least - elements.begin()), elements.size() - 1);
    elements.RemoveLast();
  }
}

// Moves the last element of a list that is newest first to its place and drops those beyond `max`.
template <class Element>
void PlaceLastNewestFirst(int max, google::protobuf::RepeatedPtrField<Element>& elements) {
  for (int i = elements.size() - 1; i > 0 && elements.Get(i - 1).time() < elements.Get(i).time(); --i) {
    elements.SwapElements(i - 1, i);
  }
  while (elements.size() > max) elements.RemoveLast();
}

// The start of `text`, cut between two characters.
absl::string_view CutText(absl::string_view text) {
  if (text.size() <= kMaxTextBytes) return text;
  size_t end = kMaxTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

void NoteActivity(uint32_t time, History& history) {
  history.set_last_activity_time(std::max(history.last_activity_time(), time));
  AddToSeries(kActivityBounds, time, 1, 0, *history.mutable_activity());
}

CategoryHistory& CategoryOf(absl::string_view category, History& history) {
  CategoryHistory* found =
      FindIn(*history.mutable_categories(), [&](const CategoryHistory& c) { return c.category() == category; });
  if (found == nullptr) {
    found = history.add_categories();
    found->set_category(category.data(), category.size());
  }
  return *found;
}

void TrimCategories(History& history) {
  const auto rank = [](const CategoryHistory& category) {
    const uint32_t last_purchase = NewestTime(category.purchases());
    return std::make_pair(last_purchase != 0, std::max(last_purchase, NewestTime(category.views())));
  };
  KeepHighest(kMaxCategories, rank, *history.mutable_categories());
}

// An order counts once in each category that one of its lines is of.
void AddToCategories(const v1::Purchase& purchase, uint32_t time, History& history) {
  absl::InlinedVector<std::pair<absl::string_view, int64_t>, 8> amounts;
  for (const v1::PurchaseLine& line : purchase.lines()) {
    if (line.category().empty()) continue;
    auto found = std::find_if(amounts.begin(), amounts.end(), [&](auto& a) { return a.first == line.category(); });
    if (found == amounts.end()) found = amounts.insert(amounts.end(), {line.category(), 0});
    found->second = SaturatingAdd(found->second, line.amount_minor());
  }
  for (const auto& [category, amount] : amounts) {
    AddToSeries(kCategoryPurchaseBounds, time, 1, amount, *CategoryOf(category, history).mutable_purchases());
  }
  TrimCategories(history);
}

void NoteBought(absl::string_view product_id, uint32_t time, History& history) {
  const uint32_t product = ProductFingerprint(product_id);
  auto& products = *history.mutable_bought_products();
  auto& times = *history.mutable_bought_times();
  int at = static_cast<int>(std::find(products.begin(), products.end(), product) - products.begin());
  if (at == products.size()) {
    products.Add(product);
    times.Add(0);
  }
  if (times.Get(at) >= time) return;
  times.Set(at, time);
  for (; at > 0 && times.Get(at - 1) < time; --at) {
    products.SwapElements(at - 1, at);
    times.SwapElements(at - 1, at);
  }
  products.Truncate(std::min(products.size(), kMaxBoughtProducts));
  times.Truncate(std::min(times.size(), kMaxBoughtProducts));
}

void Apply(const v1::Purchase& purchase, uint32_t time, History& history) {
  history.set_orders_total(SaturatingAdd(history.orders_total(), 1u));
  history.set_spend_total_minor(SaturatingAdd(history.spend_total_minor(), purchase.amount_minor()));
  const uint32_t first = history.first_purchase_time();
  history.set_first_purchase_time(first == 0 ? time : std::min(first, time));
  history.set_last_purchase_time(std::max(history.last_purchase_time(), time));
  AddToSeries(kPurchaseBounds, time, 1, purchase.amount_minor(), *history.mutable_purchases());
  AddToCategories(purchase, time, history);
  for (const v1::PurchaseLine& line : purchase.lines()) NoteBought(line.product_id(), time, history);
  NoteActivity(time, history);
}

void AddText(v1::TextSource source, const std::string& text, uint32_t time, History& history) {
  if (text.empty()) return;
  const absl::string_view cut = CutText(text);
  TextHistory& added = *history.add_texts();
  added.set_source(source);
  added.set_text(cut.data(), cut.size());
  added.set_time(time);
  PlaceLastNewestFirst(kMaxTexts, *history.mutable_texts());
}

void Apply(const v1::Ticket& event, uint32_t time, History& history) {
  TicketHistory* ticket =
      FindIn(*history.mutable_tickets(), [&](const TicketHistory& t) { return t.ticket_id() == event.ticket_id(); });
  if (ticket == nullptr) {
    ticket = history.add_tickets();
    ticket->set_ticket_id(event.ticket_id());
  }
  if (!event.topic().empty()) ticket->set_topic(event.topic());
  // Once sensitive, always: a person must look.
  ticket->set_sensitive(ticket->sensitive() || event.sensitive());
  if (event.status() == v1::TICKET_STATUS_OPENED) {
    if (ticket->opened_time() == 0) AddToSeries(kTicketBounds, time, 1, 0, *history.mutable_tickets_opened());
    ticket->set_opened_time(std::max(ticket->opened_time(), time));
  } else {
    ticket->set_closed_time(std::max(ticket->closed_time(), time));
  }
  const auto rank = [](const TicketHistory& t) {
    return std::make_tuple(IsOpen(t), IsOpen(t) && t.sensitive(), std::max(t.opened_time(), t.closed_time()));
  };
  KeepHighest(kMaxTickets, rank, *history.mutable_tickets());
  AddText(v1::TEXT_SOURCE_TICKET, event.text(), time, history);
}

uint32_t LastTouch(const FeatureHistory& feature) {
  return std::max({feature.last_use_time(), feature.last_announced_time(), feature.last_opened_time()});
}

void Apply(const v1::Interaction& interaction, uint32_t time, History& history) {
  FeatureHistory* feature = FindIn(*history.mutable_features(),
                                   [&](const FeatureHistory& f) { return f.feature() == interaction.feature(); });
  if (feature == nullptr) {
    feature = history.add_features();
    feature->set_feature(interaction.feature());
  }
  if (interaction.kind() == v1::INTERACTION_KIND_ANNOUNCED) {
    feature->set_last_announced_time(std::max(feature->last_announced_time(), time));
  } else {
    // To be told of something is not the customer's doing, so only these are activity.
    NoteActivity(time, history);
    if (interaction.kind() == v1::INTERACTION_KIND_USED) {
      feature->set_uses_total(feature->uses_total() + 1);
      feature->set_last_use_time(std::max(feature->last_use_time(), time));
    } else {
      feature->set_last_opened_time(std::max(feature->last_opened_time(), time));
    }
  }
  KeepHighest(kMaxFeatures, LastTouch, *history.mutable_features());
}

void Apply(const v1::PageView& view, uint32_t time, History& history) {
  NoteActivity(time, history);
  if (!view.category().empty()) {
    AddToSeries(kCategoryViewBounds, time, 1, 0, *CategoryOf(view.category(), history).mutable_views());
    TrimCategories(history);
  }
  auto& products = *history.mutable_viewed_products();
  const auto same =
      std::find_if(products.begin(), products.end(), [&](auto& p) { return p.product_id() == view.product_id(); });
  if (same != products.end()) {
    if (same->time() >= time) return;
    products.erase(same);
  }
  ViewedProduct& product = *products.Add();
  product.set_product_id(view.product_id());
  product.set_category(view.category());
  product.set_time(time);
  PlaceLastNewestFirst(kMaxViewedProducts, products);
}

void Apply(const v1::CustomerWords& words, uint32_t time, History& history) {
  // The words of a ticket are no activity, as the ticket is none.
  if (words.source() != v1::TEXT_SOURCE_TICKET) NoteActivity(time, history);
  AddText(words.source(), words.text(), time, history);
}

MessageHistory& MessageOf(const std::string& customer_run_id, History& history) {
  const uint64_t fingerprint = RunFingerprint(customer_run_id);
  MessageHistory* found =
      FindIn(*history.mutable_messages(), [&](const MessageHistory& m) { return m.run_fingerprint() == fingerprint; });
  if (found == nullptr) {
    found = history.add_messages();
    found->set_run_fingerprint(fingerprint);
  }
  return *found;
}

void TrimMessages(History& history) {
  const auto rank = [](const MessageHistory& m) { return std::max(m.sent_time(), m.last_response_time()); };
  KeepHighest(kMaxMessages, rank, *history.mutable_messages());
}

void Apply(const v1::MessageSent& sent, uint32_t time, History& history) {
  MessageHistory& message = MessageOf(sent.customer_run_id(), history);
  message.set_sent_time(std::max(message.sent_time(), time));
  message.set_campaign(sent.campaign());
  message.set_action_id(sent.action_id());
  message.set_channel(sent.channel());
  history.set_last_message_time(std::max(history.last_message_time(), time));
  TrimMessages(history);
}

void Apply(const v1::MessageResponse& response, uint32_t time, History& history) {
  MessageHistory& message = MessageOf(response.customer_run_id(), history);
  message.set_last_response_time(std::max(message.last_response_time(), time));
  if (response.kind() == v1::RESPONSE_KIND_OPENED) message.set_opened(true);
  if (response.kind() == v1::RESPONSE_KIND_CLICKED) message.set_clicked(true);
  if (response.kind() == v1::RESPONSE_KIND_CONVERTED) message.set_converted(true);
  if (response.kind() == v1::RESPONSE_KIND_UNSUBSCRIBED) message.set_unsubscribed(true);
  if (response.kind() == v1::RESPONSE_KIND_COMPLAINED && !message.complained()) {
    message.set_complained(true);
    AddToSeries(kComplaintBounds, time, 1, 0, *history.mutable_complaints());
  }
  TrimMessages(history);
}

}  // namespace

void ApplyEvent(const v1::Event& event, History& history) {
  const uint32_t time = static_cast<uint32_t>(event.event_time().seconds());
  switch (event.kind_case()) {
    case v1::Event::kPurchase:
      return Apply(event.purchase(), time, history);
    case v1::Event::kTicket:
      return Apply(event.ticket(), time, history);
    case v1::Event::kInteraction:
      return Apply(event.interaction(), time, history);
    case v1::Event::kPageView:
      return Apply(event.page_view(), time, history);
    case v1::Event::kWords:
      return Apply(event.words(), time, history);
    case v1::Event::kMessageSent:
      return Apply(event.message_sent(), time, history);
    case v1::Event::kMessageResponse:
      return Apply(event.message_response(), time, history);
    case v1::Event::KIND_NOT_SET:
      return;
  }
}

uint32_t ProductFingerprint(absl::string_view product_id) {
  uint32_t hash = 2166136261u;
  for (const char c : product_id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

uint64_t RunFingerprint(absl::string_view customer_run_id) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : customer_run_id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

}  // namespace campaign::retrieval
