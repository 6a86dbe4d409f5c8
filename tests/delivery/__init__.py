"""What brings a release to people: workflows, the image's trial, the deployments and the handbook. Nothing here is
deployed anywhere: files are held against what they name, and scripts run against stand-ins for the clouds' programs."""
