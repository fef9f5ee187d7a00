// One head over three tokens: who looks at whom?
#include <attn/attention.h>

#include <iostream>

int main() {
  attn::Matrix query(3, 2);
  query << 1, 0,  //
      0, 1,       //
      1, 1;
  const attn::Matrix& key = query;
  const attn::Matrix value = attn::Matrix::Identity(3, 3);

  const attn::HeadTrace trace =
      attn::scaled_dot_product_attention(query, key, value, attn::scaled_by_width(query.cols(), attn::causal_mask()));

  std::cout << trace.weights << '\n';
  const bool first_sees_itself_alone = trace.weights(0, 0) == 1.0F && trace.weights(0, 2) == 0.0F;
  return first_sees_itself_alone && trace.output.isApprox(trace.weights) ? 0 : 1;
}
