"""Pictures of people: read within bounds, turned upright, made small, and written anew, so that nothing else comes along."""

from io import BytesIO
from threading import Lock

from PIL import Image, ImageOps, features

from activity.storing import IMAGE_LIMIT, check_size, keep_bytes
from lio.errors import Invalid

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_PIXELS = 40_000_000
SIDE = 512  # pixels of the longer side of what is kept
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_one_at_a_time = Lock()  # 40 million pixels take 160 MB while they are read


def keep_picture(upload, *, organization, by, field="image"):
    """Store an uploaded picture, re-encoded. Answers its StoredFile. Raises Invalid naming `field`."""
    check_size(upload, IMAGE_LIMIT, field)
    upload.seek(0)
    with _one_at_a_time:
        data, mime_type = small(upload.read(), field)
    return keep_bytes(data, "picture", mime_type, organization=organization, by=by)


def small(data, field="image"):
    """(bytes, MIME type) of the picture in `data`: its first frame, at most SIDE pixels wide and high, without metadata."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise Invalid({field: [f"has {width} × {height} pixels; at most {MAX_PIXELS // 1_000_000} million are taken"]})
            image.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG: read at a fraction of its size
            picture = ImageOps.exif_transpose(image)
            has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
            picture.thumbnail((SIDE, SIDE))
            clean = Image.new("RGBA" if has_alpha else "RGB", picture.size)
            clean.paste(picture.convert(clean.mode))
    except Invalid:
        raise
    except Image.DecompressionBombError:
        raise Invalid({field: [f"has more than {MAX_PIXELS // 1_000_000} million pixels"]}) from None
    except Exception:  # a broken or hostile file makes Pillow raise nearly anything
        raise Invalid({field: ["is not a PNG, JPEG, GIF or WebP picture that can be read"]}) from None
    out = BytesIO()
    if features.check("webp"):
        clean.save(out, "WEBP", quality=85)
        return out.getvalue(), "image/webp"
    clean.save(out, "PNG", optimize=True)
    return out.getvalue(), "image/png"
