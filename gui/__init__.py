"""The window. Nothing here imports torch or cv2."""
