#pragma once

#include "campaign/v1/segmentation.pb.h"

namespace campaign::segmentation {

// Says how probable it is that a customer leaves. Immutable, so thread-safe.
class ChurnModel {
 public:
  virtual ~ChurnModel() = default;

  // Fills churn_probability, and what else the model knows of the customer; nothing where it has nothing to go on.
  // Called for every customer, whichever strategy answers: does not allocate.
  virtual void Score(const v1::Profile& profile, v1::SegmentResult& result) const = 0;

  // Adds why, strongest first, for a customer whom Score gave a probability.
  virtual void AddReasons(const v1::Profile& profile, v1::SegmentResult& result) const = 0;

  // Adds a hop that says what is missing, for one whom it gave none.
  virtual void AddHop(v1::SegmentResult& result) const = 0;
};

}  // namespace campaign::segmentation
