#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"

namespace campaign::offer {

// What the smallest change of a losing candidate begins with.
// The customer would have to be otherwise; the fact is the feature and the value that it is compared with.
constexpr absl::string_view kChangeCustomer = "CHANGE_CUSTOMER";
// Consent or an address on a channel.
constexpr absl::string_view kChangeChannel = "CHANGE_CHANNEL";
// Margin floor, inventory, caps, budgets.
constexpr absl::string_view kChangeConstraint = "CHANGE_CONSTRAINT";
// A cooldown or a day has to end.
constexpr absl::string_view kWait = "WAIT";
// A factor of its priority would have to be greater.
constexpr absl::string_view kRaisePriority = "RAISE_PRIORITY";
// Another number would have to be drawn.
constexpr absl::string_view kOtherDraw = "OTHER_DRAW";
// All others would have to lose.
constexpr absl::string_view kOthersMustLose = "OTHERS_MUST_LOSE";

// Collects what stands against one candidate: the first obstacle is why it lost, all of them together are the smallest
// change that would have let it win.
class Loss {
 public:
  explicit Loss(v1::LosingCandidate& losing) : losing_(losing) {}

  // Counts an obstacle. True for the first: then the caller writes reason().
  bool Add() { return obstacle_count_++ == 0; }
  bool any() const { return obstacle_count_ > 0; }
  v1::Reason& reason() { return *losing_.mutable_reason(); }

  // Nothing could let it win: it gets no smallest change.
  void GiveUp() { hopeless_ = true; }
  bool hopeless() const { return hopeless_; }

  // Adds `name` = `value` to the smallest change. The caller appends the words to what this returns.
  std::string& AddChange(absl::string_view code, absl::string_view name, absl::string_view value);

  // To be called last: bounds the texts, drops the smallest change of what is hopeless.
  void Finish();

 private:
  v1::LosingCandidate& losing_;
  int obstacle_count_ = 0;
  bool hopeless_ = false;
};

// An amount by which something has to rise or fall, rounded up to hundredths: "1", "107.66".
std::string AmountText(double amount);

}  // namespace campaign::offer
