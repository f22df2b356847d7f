#include "quire/nn/implementation.h"

#include "quire/kernels/kernels.h"
#include "quire/nn/aten.h"

namespace quire::nn {
namespace {

thread_local bool twins_only = false;

}  // namespace

AtenTwins::AtenTwins() : before_(twins_only) { twins_only = true; }
AtenTwins::~AtenTwins() { twins_only = before_; }

bool takes_kernels(const at::Tensor& x, Implementation implementation) {
  return implementation == Implementation::automatic && x.is_cpu() && x.scalar_type() == at::kFloat &&
         !twins_only && !kernels::aten_only();
}

}  // namespace quire::nn
