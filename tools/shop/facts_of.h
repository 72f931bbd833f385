#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "tools/shop/shop.h"

// What tests want to know of a person, counted plainly from the events.
namespace campaign::shop {

// Days before now of everything, oldest first.
struct FactsOf {
  FactsOf(const Person& person, absl::Time now) {
    for (const v1::Event& event : person.events)
      Add(event, absl::FDivDuration(now - FromTimestamp(event.event_time()), absl::Hours(24)));
  }

  int Activities(double from, double to) const { return Between(activity, from, to); }
  static int Between(const std::vector<double>& days, double from, double to) {
    return static_cast<int>(std::count_if(days.begin(), days.end(), [&](double d) { return d > from && d <= to; }));
  }

  std::vector<double> activity;
  std::vector<double> orders;
  std::map<std::string, std::vector<double>> category_orders;
  std::map<std::string, double> announced;
  std::map<std::string, double> opened;
  std::map<std::string, int> uses;
  std::map<std::string, double> open_tickets;  // Topic to days open.
  int64_t spend_365d_minor = 0;

 private:
  void Add(const v1::Event& event, double days) {
    switch (event.kind_case()) {
      case v1::Event::kPurchase:
        AddPurchase(event.purchase(), days);
        break;
      case v1::Event::kTicket:
        if (event.ticket().status() == v1::TICKET_STATUS_OPENED) open_tickets[event.ticket().topic()] = days;
        if (event.ticket().status() == v1::TICKET_STATUS_CLOSED) open_tickets.erase(event.ticket().topic());
        break;
      case v1::Event::kInteraction:
        AddInteraction(event.interaction(), days);
        break;
      case v1::Event::kPageView:
      case v1::Event::kWords:
        activity.push_back(days);
        break;
      default:
        break;
    }
  }

  void AddPurchase(const v1::Purchase& purchase, double days) {
    activity.push_back(days);
    orders.push_back(days);
    if (days <= 365) spend_365d_minor += purchase.amount_minor();
    std::set<std::string> categories;
    for (const v1::PurchaseLine& line : purchase.lines()) categories.insert(line.category());
    for (const std::string& category : categories) category_orders[category].push_back(days);
  }

  // To be told of something is not the customer's doing.
  void AddInteraction(const v1::Interaction& interaction, double days) {
    if (interaction.kind() == v1::INTERACTION_KIND_ANNOUNCED) {
      announced[interaction.feature()] = days;
      return;
    }
    activity.push_back(days);
    if (interaction.kind() == v1::INTERACTION_KIND_USED) ++uses[interaction.feature()];
    if (interaction.kind() == v1::INTERACTION_KIND_ANNOUNCEMENT_OPENED) opened[interaction.feature()] = days;
  }
};

}  // namespace campaign::shop
