/* A driver library for an NPU that is not there, with the interface of librknnrt 2.x.
 *
 * A model is "RKNN", and the height and width of its tile in two 32-bit numbers. Its network: un-shuffled by two on both
 * sides, output channel k of a cell is the sum of input channel k % 12 over the 3x3 cells around it (nothing beyond the
 * tile), plus k, modulo 255, less 127. `edge_fail` says what goes wrong from the next job on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_OUT_NUM = 0, INPUT_ATTR = 1, OUTPUT_ATTR = 2, SDK_VERSION = 5, CURRENT_INPUT_ATTR = 14, CURRENT_OUTPUT_ATTR = 15 };
enum { NCHW = 0, NHWC = 1, FLOAT32 = 0, INT8 = 2, UINT8 = 3 };
enum { WORKS, FAILS_UNNOTICED, NO_OUTPUT, HANGS };

typedef struct {
    uint32_t index, n_dims, dims[16];
    char name[256];
    uint32_t n_elems, size;
    int format, type, quantised;
    int8_t fl;
    int32_t zero_point;
    float scale;
    uint32_t w_stride, size_with_stride;
    uint8_t pass_through;
    uint32_t h_stride;
} Attribute;

typedef struct {
    uint32_t index;
    void *buffer;
    uint32_t size;
    uint8_t pass_through;
    int type, format;
} Input;

typedef struct {
    uint8_t want_float, is_preallocated;
    uint32_t index;
    void *buffer;
    uint32_t size;
} Output;

typedef struct {
    uint32_t height, width;
    uint8_t *in;
    float *out;
} Context;

static int failure = WORKS;
static int masks[64], mask_count, open_count;

void edge_fail(int how) { failure = how; }
int edge_masks(int *into) { memcpy(into, masks, sizeof masks); return mask_count; }
int edge_open_count(void) { return open_count; }

static uint32_t elements_in(const Context *c) { return c->height / 2 * (c->width / 2) * 12; }
static uint32_t elements_out(const Context *c) { return c->height / 2 * (c->width / 2) * 192; }

int rknn_init(uint64_t *context, void *model, uint32_t size, uint32_t flag, void *extend) {
    (void)flag; (void)extend;
    if (size < 12 || memcmp(model, "RKNN", 4)) return -6; /* RKNN_ERR_MODEL_INVALID */
    Context *c = calloc(1, sizeof *c);
    memcpy(&c->height, (char *)model + 4, 4);
    memcpy(&c->width, (char *)model + 8, 4);
    c->in = calloc(elements_in(c), 1);
    c->out = calloc(elements_out(c), sizeof(float));
    __atomic_add_fetch(&open_count, 1, __ATOMIC_SEQ_CST);
    *context = (uint64_t)c;
    return 0;
}

int rknn_destroy(uint64_t context) {
    Context *c = (Context *)context;
    free(c->in);
    free(c->out);
    free(c);
    __atomic_sub_fetch(&open_count, 1, __ATOMIC_SEQ_CST);
    return 0;
}

int rknn_set_core_mask(uint64_t context, int mask) {
    (void)context;
    int at = __atomic_fetch_add(&mask_count, 1, __ATOMIC_SEQ_CST);
    if (at < 64) masks[at] = mask;
    return 0;
}

int rknn_set_input_shapes(uint64_t context, uint32_t count, void *attributes) {
    (void)context; (void)count; (void)attributes;
    return 0;
}

static void describe(Attribute *a, const char *name, int format, uint32_t d1, uint32_t d2, uint32_t d3) {
    uint32_t index = a->index;
    memset(a, 0, sizeof *a);
    a->index = index;
    a->n_dims = 4;
    a->dims[0] = 1, a->dims[1] = d1, a->dims[2] = d2, a->dims[3] = d3;
    strcpy(a->name, name);
    a->n_elems = a->size = d1 * d2 * d3;
    a->format = format;
    a->type = INT8;
    a->scale = 1;
}

int rknn_query(uint64_t context, int what, void *info, uint32_t size) {
    Context *c = (Context *)context;
    switch (what) {
    case IN_OUT_NUM:
        ((uint32_t *)info)[0] = ((uint32_t *)info)[1] = 1;
        return 0;
    case SDK_VERSION:
        memset(info, 0, size);
        strcpy(info, "2.3.2");
        strcpy((char *)info + 256, "0.9.8");
        return 0;
    case INPUT_ATTR:
    case CURRENT_INPUT_ATTR:
        describe(info, "picture", NHWC, c->height / 2, c->width / 2, 12);
        return 0;
    case OUTPUT_ATTR:
    case CURRENT_OUTPUT_ATTR:
        describe(info, "residual", NCHW, 192, c->height / 2, c->width / 2);
        return 0;
    default:
        return -1;
    }
}

int rknn_inputs_set(uint64_t context, uint32_t count, Input *input) {
    Context *c = (Context *)context;
    if (count != 1 || input->size != elements_in(c) || input->type != UINT8 || input->format != NHWC || input->pass_through)
        return -5; /* RKNN_ERR_PARAM_INVALID */
    memcpy(c->in, input->buffer, input->size);
    return 0;
}

int rknn_run(uint64_t context, void *extend) {
    (void)extend;
    Context *c = (Context *)context;
    if (failure == FAILS_UNNOTICED) return -1;
    if (failure == HANGS) for (;;) sleep(1);
    int rows = c->height / 2, columns = c->width / 2;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++)
            for (int k = 0; k < 192; k++) {
                int sum = 0;
                for (int v = y ? y - 1 : 0; v <= y + 1 && v < rows; v++)
                    for (int u = x ? x - 1 : 0; u <= x + 1 && u < columns; u++)
                        sum += c->in[(v * columns + u) * 12 + k % 12];
                c->out[(k * rows + y) * columns + x] = (sum + k) % 255 - 127;
            }
    return 0;
}

int rknn_outputs_get(uint64_t context, uint32_t count, Output *output, void *extend) {
    (void)extend;
    Context *c = (Context *)context;
    if (failure == NO_OUTPUT || count != 1 || !output->want_float) return -1;
    uint32_t bytes = elements_out(c) * sizeof(float);
    if (!output->is_preallocated) {
        output->buffer = malloc(bytes);
        output->size = bytes;
    }
    memcpy(output->buffer, c->out, bytes);
    return 0;
}

int rknn_outputs_release(uint64_t context, uint32_t count, Output *output) {
    (void)context; (void)count;
    if (!output->is_preallocated) free(output->buffer);
    return 0;
}
