/* ZRLE's tiles, as edge/rfb/decoders/tiles.py reads them, which is there for what this finds wrong or is not built for.
 *
 * Every byte is read through `take`, which knows where the data ends, and every pixel is written below `area`.
 *
 * Source: RFC 6143 section 7.7.6. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { TILE_PX = 64, PALETTE_MOST = 127 };
enum { RAW = 0, SOLID = 1, PACKED_LAST = 16, PLAIN_RLE = 128, PALETTE_RLE_FIRST = 130 };

typedef struct {
    const uint8_t *at, *end;
    size_t cpixel_bytes;
} Reader;

/* Returns the next `size` bytes and steps over them, or NULL if there are fewer. */
static const uint8_t *take(Reader *reader, size_t size)
{
    const uint8_t *taken = reader->at;
    if ((size_t)(reader->end - taken) < size)
        return NULL;
    reader->at += size;
    return taken;
}

static uint32_t cpixel(const uint8_t *data, size_t bytes)
{
    uint32_t value = data[0];
    for (size_t number = 1; number < bytes; number++)
        value |= (uint32_t)data[number] << 8 * number;
    return value;
}

/* Reads `count` CPIXELs. */
static int read_cpixels(Reader *reader, uint32_t *out, size_t count)
{
    const uint8_t *data = take(reader, count * reader->cpixel_bytes);
    if (!data)
        return 0;
    for (size_t number = 0; number < count; number++, data += reader->cpixel_bytes)
        out[number] = cpixel(data, reader->cpixel_bytes);
    return 1;
}

static void fill(uint32_t *out, size_t count, uint32_t value)
{
    for (size_t number = 0; number < count; number++)
        out[number] = value;
}

/* Reads the length of a run, which must be `most` at most; returns 0 if it is not. */
static size_t read_length(Reader *reader, size_t most)
{
    size_t length = 1;
    const uint8_t *byte;
    do {
        if (!(byte = take(reader, 1)) || (length += *byte) > most)
            return 0;
    } while (*byte == 255);
    return length;
}

static int read_packed(Reader *reader, uint32_t *tile, size_t width, size_t height, size_t colours)
{
    uint32_t palette[PALETTE_MOST];
    unsigned bits = colours == 2 ? 1 : colours <= 4 ? 2 : 4;
    if (!read_cpixels(reader, palette, colours))
        return 0;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *row = take(reader, (width * bits + 7) / 8);
        if (!row)
            return 0;
        for (size_t x = 0; x < width; x++) {
            size_t bit = x * bits;
            unsigned index = row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);
            if (index >= colours)
                return 0;
            *tile++ = palette[index];
        }
    }
    return 1;
}

static int read_plain_runs(Reader *reader, uint32_t *tile, size_t area)
{
    for (size_t done = 0, length; done < area; done += length) {
        uint32_t colour;
        if (!read_cpixels(reader, &colour, 1) || !(length = read_length(reader, area - done)))
            return 0;
        fill(tile + done, length, colour);
    }
    return 1;
}

static int read_palette_runs(Reader *reader, uint32_t *tile, size_t area, size_t colours)
{
    uint32_t palette[PALETTE_MOST];
    if (!read_cpixels(reader, palette, colours))
        return 0;
    for (size_t done = 0, length; done < area; done += length) {
        const uint8_t *index = take(reader, 1);
        if (!index || (size_t)(*index & 127) >= colours)
            return 0;
        length = *index & 128 ? read_length(reader, area - done) : 1;
        if (!length)
            return 0;
        fill(tile + done, length, palette[*index & 127]);
    }
    return 1;
}

static int read_tile(Reader *reader, uint32_t *tile, size_t width, size_t height)
{
    const uint8_t *sub_encoding = take(reader, 1);
    size_t area = width * height;
    if (!sub_encoding)
        return 0;
    if (*sub_encoding == RAW)
        return read_cpixels(reader, tile, area);
    if (*sub_encoding == SOLID) {
        uint32_t colour;
        if (!read_cpixels(reader, &colour, 1))
            return 0;
        fill(tile, area, colour);
        return 1;
    }
    if (*sub_encoding <= PACKED_LAST)
        return read_packed(reader, tile, width, height, *sub_encoding);
    if (*sub_encoding == PLAIN_RLE)
        return read_plain_runs(reader, tile, area);
    if (*sub_encoding >= PALETTE_RLE_FIRST)
        return read_palette_runs(reader, tile, area, *sub_encoding - 128);
    return 0;
}

static int read_tiles(Reader *reader, uint32_t *out, size_t width, size_t height)
{
    uint32_t tile[TILE_PX * TILE_PX];
    for (size_t y = 0; y < height; y += TILE_PX) {
        size_t rows = height - y < TILE_PX ? height - y : TILE_PX;
        for (size_t x = 0; x < width; x += TILE_PX) {
            size_t columns = width - x < TILE_PX ? width - x : TILE_PX;
            if (!read_tile(reader, tile, columns, rows))
                return 0;
            for (size_t row = 0; row < rows; row++)
                memcpy(out + (y + row) * width + x, tile + row * columns, columns * sizeof *out);
        }
    }
    return reader->at == reader->end;
}

PyDoc_STRVAR(read_tiles_doc,
             "read_tiles(data, out, width, cpixel_bytes, /)\n--\n\n"
             "Fill `out`, rows of `width` numbers of 32 bits, with the CPIXELs of all tiles of 64x64 in `data`.\n\n"
             "Each is the number that its bytes are, the lowest first. Returns whether the tiles are whole and all "
             "there is; `out` holds anything otherwise.");

static PyObject *py_read_tiles(PyObject *module, PyObject *arguments)
{
    Py_buffer data, out;
    Py_ssize_t width, cpixel_bytes;
    int whole = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*w*nn:read_tiles", &data, &out, &width, &cpixel_bytes))
        return NULL;
    if (width < 1 || cpixel_bytes < 1 || cpixel_bytes > 4 || out.len % 4 || out.len / 4 % width) {
        PyErr_SetString(PyExc_ValueError, "out has no whole rows, or CPIXELs no 1 to 4 bytes");
    } else {
        Reader reader = {data.buf, (const uint8_t *)data.buf + data.len, (size_t)cpixel_bytes};
        Py_BEGIN_ALLOW_THREADS
        whole = read_tiles(&reader, out.buf, (size_t)width, (size_t)(out.len / 4 / width));
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&out);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(whole);
}

static PyMethodDef methods[] = {{"read_tiles", py_read_tiles, METH_VARARGS, read_tiles_doc}, {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_tiles",
    .m_doc = "ZRLE's tiles, compiled.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__tiles(void)
{
    return PyModuleDef_Init(&module);
}
